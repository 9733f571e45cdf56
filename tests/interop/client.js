// SPDX-License-Identifier: ISC
//
// client.js - Microsoft's own Graph client reads and changes the record (see
// check.js).
import assert from "node:assert/strict";

import { AuthenticationHandler, Client, HTTPMessageHandler, RetryHandler,
	RetryHandlerOptions }
	from "@microsoft/microsoft-graph-client";

import { base, client, path, refusal, run } from "./check.js";

const writer = client(process.env.TOKEN);

const checks = {
	async "GET of what is not there is an error object"() {
		const e = await refusal(writer.api(path).get());
		assert.equal(e.statusCode, 404);
		assert.equal(e.code, "ResourceNotFound");
		assert.match(e.message, /^Resource not found: /);
		assert.match(e.requestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
		assert.ok(e.date instanceof Date && !isNaN(e.date));
	},

	async "PATCH makes it"() {
		const made = await writer.api(path).patch({
			appleIdentifier: "eve@example.org",
			topicIdentifier: "a topic",
			expirationDateTime: "2033-11-18T12:00:00Z",
		});
		assert.equal(made.appleIdentifier, "eve@example.org");
		assert.equal(made["@odata.type"],
			"#microsoft.graph.applePushNotificationCertificate");
	},

	async "GET gives every property"() {
		const got = await writer.api(path).get();
		assert.deepEqual(Object.keys(got), [
			"@odata.context", "@odata.type", "id", "appleIdentifier",
			"topicIdentifier", "lastModifiedDateTime",
			"expirationDateTime", "certificateUploadStatus",
			"certificateUploadFailureReason",
			"certificateSerialNumber", "certificate",
		]);
		assert.equal(got["@odata.context"], new URL("v1.0/$metadata" +
			"#deviceManagement/applePushNotificationCertificate/$entity",
			base).href);
	},

	async "$select gives those that were asked for"() {
		const got = await writer.api(path)
			.select(["topicIdentifier", "appleIdentifier"]).get();
		assert.deepEqual(Object.keys(got).filter((n) => !n.startsWith("@")),
			["appleIdentifier", "topicIdentifier"]);
	},

	async "$select of an unknown one is an error object"() {
		const e = await refusal(writer.api(path).select("nope").get());
		assert.equal(e.statusCode, 400);
		assert.equal(e.code, "BadRequest");
		assert.match(e.message, /'nope'/);
	},

	async "a round trip of GET, edit and PATCH"() {
		const record = await writer.api(path).get();
		record.appleIdentifier = "mallory@example.org";
		const changed = await writer.api(path).patch(record);
		assert.equal(changed.appleIdentifier, "mallory@example.org");
		assert.equal(changed.id, record.id);
		assert.equal(changed.topicIdentifier, "a topic");
		assert.deepEqual(await writer.api(path).get(), changed);
	},

	async "a tag that is old is 412, and nothing changes"() {
		const first = await writer.api(path).responseType("raw").get();
		const tag = first.headers.get("etag");
		await writer.api(path).header("If-Match", tag)
			.patch({ appleIdentifier: "first" });
		const e = await refusal(writer.api(path).header("If-Match", tag)
			.patch({ appleIdentifier: "second" }));
		assert.equal(e.statusCode, 412);
		assert.equal(e.code, "PreconditionFailed");
		assert.equal((await writer.api(path).get()).appleIdentifier, "first");
	},

	async "return=minimal gives nothing back"() {
		const got = await writer.api(path).header("Prefer", "return=minimal")
			.patch({ appleIdentifier: "eve" });
		assert.equal(got, undefined);
	},

	async "a property of the wrong type is an error object with its target"() {
		const e = await refusal(writer.api(path).patch({ topicIdentifier: 1 }));
		assert.equal(e.statusCode, 400);
		assert.equal(e.code, "ModelValidationFailure");
		assert.equal(JSON.parse(e.body).target, "topicIdentifier");
	},

	async "one that may read reads, and does not write"() {
		const reader = client(process.env.READER);
		assert.equal((await reader.api(path).get()).appleIdentifier, "eve");
		const e = await refusal(reader.api(path).patch({ appleIdentifier: "x" }));
		assert.equal(e.statusCode, 403);
		assert.match(e.message, /DeviceManagementServiceConfig.ReadWrite.All/);
	},

	// The server allows one failure per two seconds. The client waits for
	// the time in Retry-After and retries by itself.
	async "a 429 is waited for"() {
		const stranger = client("a.wrong.token");
		const first = await refusal(stranger.api(path).get());
		assert.equal(first.statusCode, 401);
		assert.equal(first.code, "InvalidAuthenticationToken");
		const begun = Date.now();
		const second = await refusal(stranger.api(path).get());
		assert.equal(second.statusCode, 401);
		assert.ok(Date.now() - begun >= 1000, "it did not wait");
	},

	async "a 429 that is not waited for is an error object"() {
		const handlers = [
			new AuthenticationHandler({ getAccessToken: async () => "wrong" }),
			new RetryHandler(new RetryHandlerOptions(3, 0)),
			new HTTPMessageHandler(),
		];
		handlers[0].setNext(handlers[1]);
		handlers[1].setNext(handlers[2]);
		const hasty = Client.initWithMiddleware({
			baseUrl: base.href,
			customHosts: new Set([base.hostname]),
			middleware: handlers[0],
		});
		let e;
		for (let i = 0; i < 3 && e?.statusCode !== 429; i++)
			e = await refusal(hasty.api(path).get());
		assert.equal(e.statusCode, 429);
		assert.equal(e.code, "TooManyRequests");
	},

	async "right tokens are taken all the time"() {
		assert.equal((await writer.api(path).get()).appleIdentifier, "eve");
	},
};

await run("graph client", checks);
