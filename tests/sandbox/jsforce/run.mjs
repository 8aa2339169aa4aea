// An independent client against the simulated org: node run.mjs <base URL> <consumer key> <consumer secret>
// Prints the name of every check that held; the first one that does not ends the run.
import assert from "node:assert/strict";
import jsforce from "jsforce";

const [, , base, key, secret] = process.argv;
const options = { loginUrl: base, instanceUrl: base, version: "62.0", callOptions: { client: "peer" }, maxRequest: 5 };
const deal = (more = {}) => ({ Name: "Deal", StageName: "Prospecting", CloseDate: "2026-12-31", ...more });
const conn = new jsforce.Connection(options);

const code = async (promise) => {
  try { await promise; } catch (error) { return error.errorCode ?? error.name; }
  return "no error";
};

const checks = {
  "signs in with client credentials and learns who it is": async () => {
    const user = await conn.authorize({ grant_type: "client_credentials", client_id: key, client_secret: secret });
    assert.match(user.id, /^005\w{15}$/);
    assert.match(user.organizationId, /^00D\w{15}$/);
  },
  "creates, updates, retrieves and destroys one record": async () => {
    const made = await conn.sobject("Opportunity").create(deal());
    assert.equal(made.success, true);
    const saved = await conn.sobject("Opportunity").update({ Id: made.id, NextStep: "call" });
    assert.deepEqual([saved.id, saved.success], [made.id, true]);
    assert.equal((await conn.sobject("Opportunity").retrieve(made.id)).NextStep, "call");
    assert.equal((await conn.sobject("Opportunity").destroy(made.id)).success, true);
    assert.equal(await code(conn.sobject("Opportunity").retrieve(made.id)), "ENTITY_IS_DELETED");
  },
  "creates, retrieves and destroys many, split at 200": async () => {
    const results = await conn.sobject("Opportunity").create(Array.from({ length: 201 }, () => deal()), { allowRecursive: true });
    const ids = results.map((result) => result.id);
    assert.equal(new Set(ids).size, 201);
    const rows = await conn.sobject("Opportunity").retrieve(ids.slice(0, 3));
    assert.deepEqual(rows.map((row) => row.Id), ids.slice(0, 3));
    const updated = await conn.sobject("Opportunity").update(ids.slice(0, 2).map((Id) => ({ Id, NextStep: "many" })));
    assert.deepEqual(updated.map((result) => result.success), [true, true]);
    const gone = await conn.sobject("Opportunity").destroy(ids.slice(0, 2));
    assert.deepEqual(gone.map((result) => result.success), [true, true]);
  },
  "follows pages to the end": async () => {
    const rows = [];
    let page = await conn.query("SELECT Id FROM Opportunity ORDER BY Id", { headers: { "Sforce-Query-Options": "batchSize=50" }, autoFetch: false });
    rows.push(...page.records);
    assert.equal(page.records.length, 50);
    while (!page.done) {
      page = await conn.queryMore(page.nextRecordsUrl);
      rows.push(...page.records);
    }
    assert.equal(rows.length, page.totalSize);
  },
  "finds with a built query": async () => {
    const found = await conn.sobject("Opportunity").find({ StageName: "Prospecting", Name: { $like: "De%" } }, "Id, Name").limit(5);
    assert.equal(found.length, 5);
  },
  "upserts one and many": async () => {
    const first = await conn.sobject("Opportunity").upsert(deal({ Referral_Identifier__c: "r1" }), "Referral_Identifier__c");
    assert.equal(first.created, true);
    const many = await conn.sobject("Opportunity").upsert(["r1", "r2"].map((id) => deal({ Referral_Identifier__c: id })), "Referral_Identifier__c");
    assert.deepEqual(many.map((result) => result.created), [false, true]);
  },
  "reads describe and limits": async () => {
    const described = await conn.sobject("Opportunity").describe();
    assert.ok(described.fields.find((field) => field.name === "StageName").picklistValues.length > 5);
    assert.ok((await conn.describeGlobal()).sobjects.length > 5);
    assert.ok((await conn.request("/limits")).DailyApiRequests.Remaining > 0);
    assert.ok(conn.limitInfo.apiUsage.used > 0);
  },
  "lists what was updated and deleted": async () => {
    const end = new Date(Date.now() + 120_000);
    const start = new Date(Date.now() - 3_600_000);
    assert.ok((await conn.sobject("Opportunity").updated(start, end)).ids.length > 0);
    assert.ok((await conn.sobject("Opportunity").deleted(start, end)).deletedRecords.length > 0);
  },
  "understands refusals": async () => {
    assert.equal(await code(conn.sobject("Opportunity").create({ Name: "x" })), "REQUIRED_FIELD_MISSING");
    assert.equal(await code(conn.query("SELECT Boom FROM Opportunity")), "INVALID_FIELD");
    assert.equal(await code(conn.query("SELECT Id FROM Boom")), "INVALID_TYPE");
    const [good, bad] = await conn.sobject("Opportunity").create([deal(), { Name: "x" }]);
    assert.deepEqual([good.success, bad.success, bad.errors[0].statusCode], [true, false, "REQUIRED_FIELD_MISSING"]);
    const stranger = new jsforce.Connection({ ...options, accessToken: "stale" });
    assert.equal(await code(stranger.query("SELECT Id FROM Opportunity")), "INVALID_SESSION_ID");
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
  } catch (error) {
    console.error(`${name}: ${error.stack}`);
    process.exit(1);
  }
  console.log(name);
}
