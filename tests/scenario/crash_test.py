"""SIGKILL at any moment loses nothing that was answered 250."""
import collections
import random
import smtplib
import threading
import time

from support import wait
from support.case import Scenario
from support.ports import free_port

CLIENTS = 20
ROUNDS = 4


class Load:
    """Clients that send numbered messages until the server goes away; remembers which were answered 250."""

    def __init__(self, relay, round_number):
        self.relay = relay
        self.round_number = round_number
        self.acknowledged = []
        self.unexpected = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join(60)
            if thread.is_alive():
                raise AssertionError("a client still waits for an answer")

    def _run(self, number):
        count = 0
        try:
            with self.relay.client() as client:
                while True:
                    subject = f"r{self.round_number}-c{number}-{count}"
                    self.relay.submit(
                        client,
                        "app@example.com",
                        ["customer@example.net"],
                        f"From: app@example.com\r\nSubject: {subject}\r\n\r\n{'x' * 2000}\r\n",
                    )
                    with self._lock:
                        self.acknowledged.append(subject)
                    count += 1
        except smtplib.SMTPResponseException as error:
            with self._lock:
                self.unexpected.append(f"{error.smtp_code} {error.smtp_error}")
        except (smtplib.SMTPServerDisconnected, OSError):
            pass  # what the test is about


class Killed(Scenario):
    def test_in_the_middle_of_many_clients(self):
        ses = self.sandbox()
        relay = self.postern(ses, dkim=self.dkim())
        acknowledged = []
        for round_number in range(ROUNDS):
            load = Load(relay, round_number)
            load.start()
            wait.until(lambda load=load: load.acknowledged, 30, "a first message answered 250")
            time.sleep(random.uniform(0, 1.3))  # the random moment; nothing is waited for
            relay.process.kill()
            load.join()
            self.assertEqual(load.unexpected, [])
            acknowledged += load.acknowledged
            relay.start()
            relay.wait_empty(60)
        copies = collections.Counter(message.subject for message in ses.messages())
        lost = [subject for subject in acknowledged if copies[subject] == 0]
        self.assertEqual(lost, [], f"{len(lost)} of {len(acknowledged)} messages answered 250 are lost")
        self.assertLessEqual(max(copies.values()), 2, copies.most_common(3))
        twice = sum(count == 2 for count in copies.values())
        print(f"note: {len(acknowledged)} messages in {ROUNDS} rounds, {twice} of them twice")

    def test_while_the_upstream_is_away(self):
        """Nothing was handed over before the kill, so each message must come exactly once."""
        port = free_port()
        ses = self.sandbox("--smtp", f"127.0.0.1:{port}")
        entry = ses.upstream()
        ses.stop()
        relay = self.postern(entry)
        load = Load(relay, 0)
        load.start()
        wait.until(lambda: len(load.acknowledged) > 200, 30, "200 messages in the spool")
        relay.process.kill()
        load.join()
        ses.start()
        relay.start()
        relay.wait_empty(60)
        copies = collections.Counter(message.subject for message in ses.messages())
        self.assertEqual([s for s in load.acknowledged if copies[s] != 1], [])

    def test_a_held_recipient_is_still_held_after_it(self):
        ses = self.sandbox()
        relay = self.postern(ses, suppression={"action": "hold"})
        relay.cli("suppression", "add", "gone@example.net", "--reason", "BOUNCE")
        relay.send("held", to="gone@example.net")
        relay.process.kill()
        relay.start()
        relay.send("after it")
        ses.wait_for("after it")
        self.assertEqual(len(relay.queue()), 1)
        self.assertEqual(len(ses.messages()), 1)
