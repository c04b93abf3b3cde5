// The suppression list through @aws-sdk/client-sesv2. sandbox_api_test.py runs it, with endpoint, region and
// keys in the environment as the SDK reads them; prints what it saw as one JSON object.
"use strict";

const {
  SESv2Client,
  DeleteSuppressedDestinationCommand,
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetSuppressedDestinationCommand,
  ListSuppressedDestinationsCommand,
  PutAccountSuppressionAttributesCommand,
  PutConfigurationSetSuppressionOptionsCommand,
  PutSuppressedDestinationCommand,
} = require("@aws-sdk/client-sesv2");

const client = new SESv2Client({});
const odd = "O'Brien+tag/x@Example.com";

// The name and the status of the error that this command ends with.
async function failure(command, through = client) {
  try {
    await through.send(command);
    return "none";
  } catch (error) {
    return `${error.$metadata?.httpStatusCode} ${error.name}: ${error.message}`;
  }
}

async function listAll() {
  const found = [];
  let pages = 0;
  let NextToken;
  do {
    const page = await client.send(
      new ListSuppressedDestinationsCommand({
        Reasons: ["BOUNCE", "COMPLAINT"],
        StartDate: new Date("2026-01-01T00:00:00.250Z"),
        PageSize: 7,
        NextToken,
      }),
    );
    found.push(...page.SuppressedDestinationSummaries);
    pages += 1;
    NextToken = page.NextToken;
  } while (NextToken !== undefined && pages < 100);
  return { pages, addresses: found.map((entry) => entry.EmailAddress), last: found.at(-1) };
}

async function main() {
  const seen = {};
  await client.send(new PutSuppressedDestinationCommand({ EmailAddress: odd, Reason: "COMPLAINT" }));
  const got = await client.send(new GetSuppressedDestinationCommand({ EmailAddress: odd }));
  seen.got = got.SuppressedDestination;
  seen.list = await listAll();
  await client.send(new DeleteSuppressedDestinationCommand({ EmailAddress: odd }));
  seen.gone = await failure(new GetSuppressedDestinationCommand({ EmailAddress: odd }));
  seen.badToken = await failure(new ListSuppressedDestinationsCommand({ NextToken: "abc/+==" }));
  seen.tooLarge = await failure(new ListSuppressedDestinationsCommand({ PageSize: 1001 }));
  await client.send(new PutAccountSuppressionAttributesCommand({ SuppressedReasons: ["COMPLAINT"] }));
  seen.account = await client.send(new GetAccountCommand({}));
  const set = { ConfigurationSetName: "mine" };
  await client.send(new PutConfigurationSetSuppressionOptionsCommand({ ...set, SuppressedReasons: [] }));
  seen.set = await client.send(new GetConfigurationSetCommand(set));
  const thief = new SESv2Client({
    credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "guessed" },
  });
  seen.forged = await failure(new GetAccountCommand({}), thief);
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
