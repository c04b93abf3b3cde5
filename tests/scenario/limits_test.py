"""What the listener refuses: size, hops, recipients, connections, strangers, too many errors."""
import smtplib
import socket

from support import wait
from support.case import Scenario

DEAD = {"endpoint": "127.0.0.1:9", "tls": "none"}


class Limits(Scenario):
    def relay_with(self, **limits):
        return self.postern(DEAD, limits=limits)

    def refusal(self, relay, **message):
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            relay.send("refused", **message)
        return caught.exception.smtp_code, caught.exception.smtp_error.decode()

    def test_mail_that_has_gone_round(self):
        relay = self.relay_with(hops=5)
        field = "Received: from a by b; Tue, 24 Nov 2026 03:00:00 +0000\r\n"
        relay.send("still fine", headers=field * 5)
        code, text = self.refusal(relay, headers=field * 6)
        self.assertEqual(code, 554)
        self.assertIn("5.4.6", text)

    def test_a_message_that_is_too_large_by_its_own_word(self):
        relay = self.relay_with(message_size="100K")
        with relay.client() as client:
            client.ehlo()
            self.assertEqual(client.esmtp_features["size"], str(100 * 1024))
            self.assertEqual(client.mail("app@example.com", ["SIZE=102401"])[0], 552)
            self.assertEqual(client.mail("app@example.com", ["SIZE=102400"])[0], 250)

    def test_a_message_that_is_too_large_in_fact(self):
        relay = self.relay_with(message_size="100K")
        code, text = self.refusal(relay, body=("x" * 78 + "\r\n") * 1400)
        self.assertEqual(code, 552)
        self.assertIn("5.3.4", text)
        relay.send("the session and the relay are fine")
        self.assertEqual(len(relay.queue()), 1)

    def test_recipients(self):
        relay = self.relay_with(recipients=3)
        with relay.client() as client:
            client.ehlo()
            client.mail("app@example.com")
            codes = [client.rcpt(f"r{n}@example.net") for n in range(4)]
        self.assertEqual([code for code, _ in codes], [250, 250, 250, 452])
        self.assertIn(b"4.5.3", codes[3][1])

    def test_connections(self):
        relay = self.relay_with(connections=2)
        held = [relay.client(), relay.client()]
        with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as third:
            self.assertEqual(third.recv(3), b"421")
        held.pop().quit()
        wait.until(lambda: self.greeted(relay), 5, "a place for the next one")
        held.pop().close()

    def greeted(self, relay):
        with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as next_one:
            return next_one.recv(3) == b"220"

    def test_errors(self):
        relay = self.relay_with(errors=4)
        with relay.client() as client:
            client.ehlo()
            codes = []
            with self.assertRaises(smtplib.SMTPServerDisconnected):
                for _ in range(10):
                    codes.append(client.docmd("NONSENSE")[0])
        self.assertIn(421, codes)
        self.assertLessEqual(len(codes), 6)

    def test_an_idle_client_is_told_and_closed(self):
        relay = self.relay_with(command_timeout="1s")
        with relay.client() as client:
            client.ehlo()
            self.assertEqual(client.getreply()[0], 421)

    def test_a_slow_sender_cannot_outlast_the_time_for_data(self):
        relay = self.relay_with(data_timeout="2s")
        with relay.client() as client:
            client.ehlo()
            client.mail("app@example.com")
            client.rcpt("customer@example.net")
            client.docmd("DATA")
            with self.assertRaises((smtplib.SMTPServerDisconnected, OSError)):
                while True:  # a line each now and then; every read succeeds, the whole does not
                    client.sock.settimeout(0.3)
                    client.send(b"x: y\r\n")
                    try:
                        data = client.sock.recv(100)
                    except TimeoutError:
                        continue
                    self.assertIn(data[:3], (b"421", b""))
                    if not data:
                        raise smtplib.SMTPServerDisconnected
        self.assertEqual(relay.queue(), [])


class Access(Scenario):
    def test_only_the_networks_may_relay(self):
        relay = self.postern(DEAD, access={"networks": ["10.1.2.0/24"]})
        with self.assertRaises(smtplib.SMTPException) as caught:
            relay.send("from a stranger")
        self.assertEqual(getattr(caught.exception, "smtp_code", 0) // 100, 5)
        self.assertEqual(relay.queue(), [])

    def test_only_these_senders(self):
        relay = self.postern(DEAD, access={"senders": ["*@example.com"]})
        relay.send("allowed")
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            relay.send("not allowed", sender="app@elsewhere.example")
        self.assertEqual(caught.exception.smtp_code // 100, 5)

    def test_ipv6(self):
        relay = self.postern(DEAD, start=False)
        relay.configure(listen=[{"address": f"127.0.0.1:{relay.port}"}, {"address": f"[::1]:{relay.port}"}])
        relay.start()
        with smtplib.SMTP("::1", relay.port, timeout=10) as client:
            relay.submit(
                client, "app@example.com", ["customer@example.net"], "From: a@example.com\r\n\r\nx\r\n"
            )

    def test_a_unix_socket(self):
        path = self.directory / "smtp.sock"
        relay = self.postern(DEAD, start=False)
        relay.configure(listen=[{"address": f"unix:{path}"}])
        relay.start()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            self.assertEqual(client.recv(3), b"220")
