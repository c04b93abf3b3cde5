"""Memory promises: idle, with a long suppression list, while large messages come in."""
import threading
import time

from support import keys, wait
from support.case import Scenario

MIB_IN_KIB = 1024
DEAD = {"endpoint": "127.0.0.1:9", "tls": "none"}


class Idle(Scenario):
    def rss_after_a_second(self, relay):
        time.sleep(1)  # the promise is about one second after it listens
        return relay.process.resident_kib()

    def test_under_20_mb(self):
        relay = self.postern(DEAD, dkim=self.dkim())
        resident = self.rss_after_a_second(relay)
        print(f"note: {resident / MIB_IN_KIB:.1f} MiB idle")
        self.assertLess(resident, 20 * MIB_IN_KIB)

    def test_with_100000_suppressed_addresses_under_30_mb(self):
        relay = self.postern(DEAD, start=False)
        file = self.directory / "list.txt"
        file.write_text("".join(f"user{n}@example{n % 97}.net\n" for n in range(100_000)))
        relay.start()
        relay.cli("suppression", "import", str(file))
        wait.until(lambda: relay.metric("postern_suppression_entries") == 100_000, 30, "100,000 entries")
        resident = relay.process.resident_kib()
        print(f"note: {resident / MIB_IN_KIB:.1f} MiB after the import of 100,000 addresses")
        self.assertLess(resident, 30 * MIB_IN_KIB, "right after the import")
        relay.stop()
        relay.start()
        self.assertLess(self.rss_after_a_second(relay), 30 * MIB_IN_KIB, "after a restart")
        with relay.client() as client:
            client.ehlo()
            client.mail("app@example.com")
            self.assertIn(b"2.1.5", client.rcpt("USER77777@example76.net")[1])


class LargeMessages(Scenario):
    CLIENTS = 20
    SIZE = 40_000_000

    def test_20_clients_that_send_40_mb_each(self):
        ses = self.sandbox()
        relay = self.postern(ses, dkim=self.dkim())
        line = b"0123456789abcdef" * 4 + b"\r\n"
        body = line * (self.SIZE // len(line))
        answers = []
        threads = [
            threading.Thread(target=self.send, args=(relay, n, body, answers)) for n in range(self.CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(answers, [250] * self.CLIENTS)
        self.assertLess(relay.process.peak_kib(), 128 * MIB_IN_KIB, "at its peak while they sent")
        wait.until(lambda: len(ses.paths()) >= 1, 60, "one of them delivered")
        first = next(m for m in ses.messages())
        self.assertTrue(keys.verifies(first.raw, self.key()))
        self.assertTrue(first.raw.endswith(body))
        print(f"note: {relay.process.peak_kib() / MIB_IN_KIB:.1f} MiB at its peak with 20 x 40 MB")
        self.assertLess(relay.process.peak_kib(), 128 * MIB_IN_KIB, "at its peak with deliveries")

    def send(self, relay, number, body, answers):
        with relay.client(timeout=120) as client:
            client.ehlo()
            client.mail("app@example.com")
            client.rcpt("customer@example.net")
            client.docmd("DATA")
            client.sock.sendall(f"From: app@example.com\r\nSubject: large {number}\r\n\r\n".encode())
            client.sock.sendall(body)
            client.sock.sendall(b".\r\n")
            answers.append(client.getreply()[0])
