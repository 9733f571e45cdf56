// SPDX-License-Identifier: ISC
//
// retry.js URL - a test of a client that retries, against a stand-in that
// `pushcert stand-in` has started at this URL. The client is Microsoft's Graph
// client. It sends its token over https only, so the last handler here adds the
// token itself.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { Client, RetryHandler } from "@microsoft/microsoft-graph-client";

const token = randomUUID(); // each test has its own tenant
const path = "/deviceManagement/applePushNotificationCertificate";
const last = {
	async execute(context) {
		const headers = new Headers(context.options.headers);
		headers.set("Authorization", `Bearer ${token}`);
		context.response = await fetch(context.request,
			{ ...context.options, headers });
	},
};
const retry = new RetryHandler();
retry.setNext(last);
const graph = Client.initWithMiddleware({
	baseUrl: `${process.argv[2]}/`, middleware: retry, defaultVersion: "v1.0",
});

// The first request fails with 429 and a Retry-After, and the second succeeds.
await graph.api("/pushcert.test").patch({
	record: "expiring", faults: [{ status: 429, retryAfter: 1 }],
});
const record = await graph.api(path).get();
const journal = await graph.api("/pushcert.test/requests").get();
assert.deepEqual(journal.map((r) => r.status), [429, 200]);
assert.ok(Date.parse(journal[1].time) - Date.parse(journal[0].time) >= 900);

// The certificate expires in ten days.
const days = (Date.parse(record.expirationDateTime) - Date.now()) / 86400000;
assert.ok(days > 9.9 && days < 10.1);

// A change is lost after its commit: the client sends it again with the former
// ETag, and learns by 412 that it counted.
const { headers } = await graph.api(path).responseType("raw").get();
const code = await graph.api(path)
	.headers({
		"If-Match": headers.get("ETag"),
		"Pushcert-Fault": "status=500; when=after",
	})
	.patch({ appleIdentifier: "new@example.org" })
	.catch((e) => e.statusCode);
assert.equal(code, 500);
const again = await graph.api(path)
	.header("If-Match", headers.get("ETag"))
	.patch({ appleIdentifier: "new@example.org" })
	.catch((e) => e.statusCode);
assert.equal(again, 412);
assert.equal((await graph.api(path).get()).appleIdentifier, "new@example.org");
console.log("retry.js: passed");
