// SPDX-License-Identifier: ISC
//
// generated.js TOKENS - the client that odata2ts generated from $metadata of beta
// talks to the program at BASE.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";

import { FetchClient } from "@odata2ts/http-client-fetch";

const require = createRequire(import.meta.url);
const { MicrosoftGraphService } =
	require("./generated-beta/MicrosoftGraphService.js");

const [, token] = fs.readFileSync(process.argv[2], "utf8").split("\n")
	.map((line) => line.split(" ")).find(([name]) => name === "writer");
const http = new FetchClient({ headers: { Authorization: `Bearer ${token}` } });
const graph = new MicrosoftGraphService(http, `${process.env.BASE}/beta`);
const management = () => graph.deviceManagement();
const record = () => management().applePushNotificationCertificate();

await record().patch({ appleIdentifier: "eve@example.org" });
console.log("ok: odata2ts: PATCH");

const selected = await record().query((q) => q.select("appleIdentifier"));
assert.equal(selected.data.appleIdentifier, "eve@example.org");
assert.equal(selected.data.topicIdentifier, undefined);
console.log("ok: odata2ts: GET with $select");

const entity = await management().query((q) => q.select("id", "subscriptionState")
	.expand("applePushNotificationCertificate"));
assert.equal(entity.data.subscriptionState, "active");
assert.equal(entity.data.applePushNotificationCertificate.appleIdentifier,
	"eve@example.org");
console.log("ok: odata2ts: GET with $select and $expand");

const page = await management().auditEvents().query((q, event) => q.count()
	.filter(event.activityOperationType.eq("Create")));
assert.equal(page.data["@odata.count"], 1);
assert.equal(page.data.value[0].actor.auditActorType, "Application");
const categories = await management().auditEvents().getAuditCategories();
assert.deepEqual(categories.data.value, ["Enrollment"]);
const types = await management().auditEvents()
	.getAuditActivityTypes({ category: "Enrollment" });
assert.ok(types.data.value.length > 0);
console.log("ok: odata2ts: audit events and their functions");

const consent = await management().dataSharingConsents("appleMDMPushCertificate")
	.consentToDataSharing();
assert.equal(consent.data.granted, true);
console.log("ok: odata2ts: consent");

const made = await record().generateApplePushNotificationCertificateSigningRequest();
assert.match(made.data.value, /^\S+$/);
const waiting =
	await record().downloadApplePushNotificationCertificateSigningRequest();
assert.equal(waiting.data.value, made.data.value);
console.log("ok: odata2ts: the request for a certificate");
