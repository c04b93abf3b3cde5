"""listen: systemd:NAME with sockets that systemd's own launcher opens and passes."""
import shutil
import smtplib
import socket
import unittest

from support import wait
from support.case import Scenario
from support.ports import free_port

LAUNCHER = shutil.which("systemd-socket-activate")
MESSAGE = "From: app@example.com\r\nSubject: {}\r\n\r\nHello.\r\n"


def knock(port):
    """A connection; None while nobody listens."""
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=5)
    except ConnectionRefusedError:
        return None


@unittest.skipUnless(LAUNCHER, "systemd-socket-activate is not on this machine")
class SocketActivation(Scenario):
    def relay(self, upstream, *names):
        listen = [{"address": f"systemd:{name}"} for name in names]
        return self.postern(upstream, start=False, listen=listen)

    @staticmethod
    def launch(relay, addresses, names):
        """The launcher waits for a first client, then becomes postern."""
        sockets = [word for address in addresses for word in ("--listen", address)]
        relay.spawn(LAUNCHER, *sockets, f"--fdname={':'.join(names)}")

    def hand_in(self, relay, host, port, subject):
        def connect():
            try:
                return smtplib.SMTP(host, port, local_hostname="app.example.com", timeout=20)
            except ConnectionRefusedError:
                return None  # the launcher does not listen yet

        with wait.until(connect, 10, f"{host}:{port} answers") as client:
            self.assertTrue(relay.submit(client, "a@example.com", ["b@example.net"], MESSAGE.format(subject)))

    def test_mail_comes_in_over_every_socket_of_a_name(self):
        ses = self.sandbox()
        relay = self.relay(ses, "smtp", "local")
        ports = [free_port(), free_port()]
        path = self.directory / "smtp.sock"
        self.launch(relay, [f"127.0.0.1:{ports[0]}", f"[::1]:{ports[1]}", path], ["smtp", "smtp", "local"])
        for host, port in (("127.0.0.1", ports[0]), ("::1", ports[1])):
            self.hand_in(relay, host, port, f"to {host}")
            ses.wait_for(f"to {host}")
        for address in (f"127.0.0.1:{ports[0]}", f"[::1]:{ports[1]}", f"unix:{path}"):
            self.assertIn(
                f'"event":"listen","address":"{address}"', relay.log()
            )  # beside the launcher's words
        self.assertEqual(relay.stop(), 0)
        self.assertTrue(path.exists(), "the file is the service manager's")

    def test_a_name_that_was_not_passed(self):
        relay = self.relay({"endpoint": "127.0.0.1:9", "tls": "none"}, "mail")
        port = free_port()
        self.launch(relay, [f"127.0.0.1:{port}"], ["smtp"])
        with wait.until(lambda: knock(port), 10, "the launcher listens"):
            self.assertEqual(relay.process.wait(10), 69)
        self.assertIn("the sockets passed to this process are named smtp", relay.log())
        self.assertIn("FileDescriptorName=mail", relay.log())

    def test_without_the_service_manager(self):
        relay = self.relay({"endpoint": "127.0.0.1:9", "tls": "none"}, "smtp").spawn()
        self.assertEqual(relay.process.wait(10), 69)
        self.assertIn("systemd:smtp: no sockets were passed to this process", relay.log())
