"""postern.socket: a restart under load refuses no connection and loses no mail."""
import threading

from host import Booted, connect, main_pid, run, show, wait

CLIENTS = 4
RESTARTS = 4


class Load:
    """Clients with a connection for each message. What was answered 250 is remembered."""

    def __init__(self):
        self.accepted, self.refused, self.told_later = [], [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.client, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def client(self, number):
        count = 0
        while not self.over.is_set():
            count += 1
            self.one(f"load-{number}-{count}")

    def one(self, subject):
        try:
            with connect() as client:
                message = f"From: app@example.com\r\nSubject: {subject}\r\n\r\nHello.\r\n"
                client.sendmail("app@example.com", ["customer@example.net"], message)
                # Before QUIT, of which a server that ends owes nobody an answer.
                self.accepted.append(subject)
        except ConnectionRefusedError as error:
            self.refused.append((subject, str(error)))
        except OSError as error:  # smtplib's errors among them
            self.told_later.append((subject, str(error)))


class SocketUnit(Booted):
    def test_a_restart_under_load(self):
        sandbox = self.sandbox()
        self.configure(sandbox, listen=[{"address": "systemd:smtp"}])
        run("systemctl", "enable", "--now", "postern.socket")
        run("systemctl", "restart", "postern.service")
        pids = {main_pid()}
        with Load() as load:
            for _ in range(RESTARTS):
                before = len(load.accepted)
                wait.until(lambda n=before: len(load.accepted) >= n + 40, 30, "mail between two restarts")
                run("systemctl", "restart", "postern.service")
                pids.add(main_pid())
        self.assertEqual(len(pids), RESTARTS + 1)
        self.assertEqual(load.refused, [])
        self.assertGreaterEqual(len(load.accepted), RESTARTS * 40)
        wait.until(lambda: not self.lost(sandbox, load), 60, lambda: f"lost: {self.lost(sandbox, load)}")
        print(
            f"note: {RESTARTS} restarts, {len(load.accepted)} messages answered 250 and delivered, "
            f"{len(load.told_later)} told to try later, none refused"
        )

    @staticmethod
    def lost(sandbox, load):
        return set(load.accepted) - {message.subject for message in sandbox.messages()}

    def test_the_first_client_starts_the_service(self):
        sandbox = self.sandbox()
        self.configure(sandbox, listen=[{"address": "systemd:smtp"}])
        run("systemctl", "start", "postern.socket")
        self.assertEqual(show("ActiveState"), "inactive")
        self.assert_relays(sandbox, "woken")
        self.assertEqual(show("ActiveState"), "active")
