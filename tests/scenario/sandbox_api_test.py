"""The API of postern-sandbox as the SDKs of AWS see it, and a recipient that bounces there."""
import json
import pathlib
import smtplib
import ssl
import subprocess

from support import ses_api
from support.case import Scenario

ODD = "O'Brien+tag/x@Example.com"


class ApiScenario(Scenario):
    OPTIONS = []

    def setUp(self):
        super().setUp()
        self.ses = self.sandbox("--api", "127.0.0.1:0", *self.OPTIONS)
        self.client = ses_api.boto(self.ses)

    def refused(self, call, **arguments):
        """'CODE: message' of the ClientError that the call ends with."""
        from botocore.exceptions import ClientError

        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    def listed(self, **arguments):
        """All pages, and how many there were."""
        entries, pages = [], 0
        while True:
            page = self.client.list_suppressed_destinations(**arguments)
            entries += page["SuppressedDestinationSummaries"]
            pages += 1
            if "NextToken" not in page:
                return entries, pages
            arguments["NextToken"] = page["NextToken"]


class ApiBoto(ApiScenario):
    OPTIONS = ["--suppressed-count", "2500", "--configuration-set", "mine"]

    def test_put_get_delete(self):
        self.client.put_suppressed_destination(EmailAddress=ODD, Reason="COMPLAINT")
        got = self.client.get_suppressed_destination(EmailAddress=ODD)["SuppressedDestination"]
        self.assertEqual((got["EmailAddress"], got["Reason"]), ("O'Brien+tag/x@example.com", "COMPLAINT"))
        self.assertGreaterEqual(got["LastUpdateTime"].year, 2024)
        self.client.delete_suppressed_destination(EmailAddress=ODD)
        self.assertEqual(
            self.refused(self.client.get_suppressed_destination, EmailAddress=ODD),
            f"NotFoundException: Email address {ODD} does not exist on your suppression list.",
        )

    def test_every_entry_is_listed_once(self):
        entries, pages = self.listed()
        self.assertEqual(pages, 3, "a page has 1000 by default")
        self.assertEqual(len({entry["EmailAddress"] for entry in entries}), 2500)
        complaints, pages = self.listed(Reasons=["COMPLAINT"], PageSize=100)
        self.assertEqual((len(complaints), pages), (250, 3))
        middle = entries[1200]["LastUpdateTime"]
        later, _ = self.listed(StartDate=middle)
        earlier, _ = self.listed(EndDate=middle)
        self.assertEqual((len(later), len(earlier)), (1300, 1201))

    def test_bad_arguments(self):
        for arguments, code in [
            ({"PageSize": 1001}, "BadRequestException"),
            ({"Reasons": ["SPAM"]}, "BadRequestException"),
            ({"NextToken": "abc/+=="}, "InvalidNextTokenException"),
        ]:
            said = self.refused(self.client.list_suppressed_destinations, **arguments)
            self.assertTrue(said.startswith(code + ": "), said)
        token = self.client.list_suppressed_destinations(Reasons=["BOUNCE"])["NextToken"]
        said = self.refused(self.client.list_suppressed_destinations, NextToken=token)
        self.assertIn("InvalidNextTokenException", said)

    def test_account_and_configuration_set(self):
        account = self.client.get_account()
        self.assertEqual(account["SuppressionAttributes"]["SuppressedReasons"], ["BOUNCE", "COMPLAINT"])
        self.assertEqual(account["SendQuota"]["Max24HourSend"], -1)
        self.client.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"])
        account = self.client.get_account()
        self.assertEqual(account["SuppressionAttributes"]["SuppressedReasons"], ["BOUNCE"])
        mine = {"ConfigurationSetName": "mine"}
        self.assertNotIn("SuppressionOptions", self.client.get_configuration_set(**mine))
        self.client.put_configuration_set_suppression_options(**mine, SuppressedReasons=[])
        options = self.client.get_configuration_set(**mine)["SuppressionOptions"]
        self.assertEqual(options["SuppressedReasons"], [])
        self.assertIn(
            "NotFoundException", self.refused(self.client.get_configuration_set, ConfigurationSetName="none")
        )


class ApiCredentials(ApiScenario):
    OPTIONS = ["--deny", "GetAccount"]

    def test_wrong_secret_and_unknown_key(self):
        wrong = ses_api.boto(self.ses, aws_secret_access_key="guessed")
        self.assertIn("InvalidSignatureException: The request signature", self.refused(wrong.get_account))
        unknown = ses_api.boto(self.ses, aws_access_key_id="AKIDOTHER")
        self.assertIn("UnrecognizedClientException: The security token", self.refused(unknown.get_account))
        token = ses_api.boto(self.ses, aws_session_token="TOKEN")
        self.assertIn("UnrecognizedClientException", self.refused(token.get_account))
        elsewhere = ses_api.boto(self.ses, region_name="us-east-1")
        self.assertIn("Credential should be scoped to a valid region", self.refused(elsewhere.get_account))

    def test_denied_operation(self):
        said = self.refused(self.client.get_account)
        self.assertIn("AccessDeniedException: User: arn:aws:iam::", said)
        self.assertIn("is not authorized to perform: ses:GetAccount", said)
        self.client.list_suppressed_destinations()

    def test_clock_that_is_off(self):
        ses_api.fault(self.ses, "skewed-clock", seconds=3600)
        said = self.refused(self.client.list_suppressed_destinations)
        self.assertIn("InvalidSignatureException: Signature expired", said)

    def test_certificate_is_needed(self):
        from botocore.exceptions import SSLError

        with self.assertRaises(SSLError):
            ses_api.boto(self.ses, verify=True).list_suppressed_destinations()


class ApiFaults(ApiScenario):
    OPTIONS = ["--suppressed-count", "50"]

    def test_sdk_gets_over_what_passes(self):
        patient = ses_api.boto(self.ses, retries=3)
        for kind in ("429", "500", "503"):
            ses_api.fault(self.ses, kind, count=1)
            page = patient.list_suppressed_destinations()
            self.assertEqual(len(page["SuppressedDestinationSummaries"]), 50)
            self.assertEqual(page["ResponseMetadata"]["RetryAttempts"], 1, kind)

    def test_named_errors(self):
        ses_api.fault(self.ses, "429")
        said = self.refused(self.client.list_suppressed_destinations)
        self.assertEqual(said, "TooManyRequestsException: Rate exceeded")
        ses_api.control(self.ses, "DELETE", "fault")
        ses_api.fault(self.ses, "error", status=403, type="RequestTimeTooSkewed", message="later")
        said = self.refused(self.client.list_suppressed_destinations)
        self.assertEqual(said, "RequestTimeTooSkewed: later")

    def test_requests_are_told(self):
        self.client.list_suppressed_destinations(PageSize=10)
        self.client.get_account()
        seen = ses_api.control(self.ses, "GET", "requests")
        self.assertEqual(
            [(one["operation"], one["query"], one["status"]) for one in seen],
            [("ListSuppressedDestinations", "PageSize=10", 200), ("GetAccount", "", 200)],
        )


class ApiBounce(ApiScenario):
    OPTIONS = ["--bounce", "gone*@example.net"]

    def send(self, *recipients):
        """Submits one message; the record that the sandbox keeps of it."""
        host, port = self.ses.address.rsplit(":", 1)
        with smtplib.SMTP(host, int(port), timeout=20) as client:
            client.starttls(context=ssl.create_default_context(cafile=self.ses.ready["ca"]))
            client.login(self.ses.ready["user"], self.ses.ready["password"])
            message = "From: app@example.com\r\nSubject: hello\r\n\r\nx\r\n"
            code, said = self.submit(client, recipients, message)
            self.assertEqual(code, 250, said)
        record = self.ses.directory / "data" / "messages" / (said.decode().split()[-1] + ".json")
        return json.loads(record.read_text())

    @staticmethod
    def submit(client, recipients, message):
        client.mail("app@example.com")
        for recipient in recipients:
            client.rcpt(recipient)
        return client.data(message)

    def results(self, record):
        return [recipient["result"] for recipient in record["recipients"]]

    def test_address_that_bounces_is_listed_and_held_back(self):
        first = self.send("Gone@example.net", "good@example.net")
        self.assertEqual(self.results(first), ["bounced", "delivered"])
        entries, _ = self.listed()
        self.assertEqual([one["EmailAddress"] for one in entries], ["Gone@example.net"])
        self.assertEqual(entries[0]["Reason"], "BOUNCE")
        got = self.client.get_suppressed_destination(EmailAddress="Gone@example.net")["SuppressedDestination"]
        self.assertEqual(got["Attributes"]["MessageId"], first["id"])
        second = self.send("gone@EXAMPLE.net")
        self.assertEqual(self.results(second), ["suppressed"])
        self.assertEqual(second["recipients"][0]["bounceSubType"], "OnAccountSuppressionList")
        self.client.delete_suppressed_destination(EmailAddress="Gone@example.net")
        self.assertEqual(self.results(self.send("gone@example.net")), ["bounced"])

    def test_simulator_never_enters_the_list(self):
        names = ["bounce+x", "complaint", "suppressionlist", "ooto", "success"]
        record = self.send(*(f"{name}@simulator.amazonses.com" for name in names))
        self.assertEqual(
            self.results(record), ["bounced", "complained", "suppressed", "delivered", "delivered"]
        )
        self.assertEqual(self.listed(), ([], 1))

    def test_reasons_that_do_not_count(self):
        self.client.put_suppressed_destination(EmailAddress="other@example.net", Reason="BOUNCE")
        self.client.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
        self.assertEqual(self.results(self.send("other@example.net")), ["delivered"])

    def test_list_outlives_the_program(self):
        self.send("gone@example.net")
        self.ses.stop()
        self.ses.start()
        self.client = ses_api.boto(self.ses)
        self.assertEqual([one["EmailAddress"] for one in self.listed()[0]], ["gone@example.net"])


class ApiNode(Scenario):
    def test_sdk_for_javascript(self):
        ses = self.sandbox("--api", "127.0.0.1:0", "--suppressed-count", "20", "--configuration-set", "mine")
        node, environment = ses_api.node_environment(ses)
        script = pathlib.Path(__file__).parent / "sdk" / "suppression.cjs"
        done = subprocess.run(
            [node, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(seen["got"]["EmailAddress"], "O'Brien+tag/x@example.com")
        self.assertEqual(seen["got"]["Reason"], "COMPLAINT")
        self.assertEqual(seen["list"]["pages"], 3)
        # Entry 0 is older than StartDate by a quarter of a second; the one put by hand is there.
        self.assertEqual(len(set(seen["list"]["addresses"])), 20)
        self.assertIn("O'Brien+tag/x@example.com", seen["list"]["addresses"])
        self.assertTrue(seen["gone"].startswith("404 NotFoundException: Email address "), seen["gone"])
        self.assertTrue(seen["badToken"].startswith("400 InvalidNextTokenException: "), seen["badToken"])
        self.assertTrue(seen["tooLarge"].startswith("400 BadRequestException: "), seen["tooLarge"])
        self.assertEqual(seen["account"]["SuppressionAttributes"]["SuppressedReasons"], ["COMPLAINT"])
        self.assertEqual(seen["set"]["SuppressionOptions"]["SuppressedReasons"], [])
        self.assertTrue(seen["forged"].startswith("403 InvalidSignatureException: "), seen["forged"])
