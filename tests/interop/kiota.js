// SPDX-License-Identifier: ISC
//
// kiota.js - Microsoft's generated SDK (Kiota) reads the answers into its own
// models (see check.js). Its fluent paths of deviceManagement are not on npm, so
// the requests are made by hand, as the generated code makes them.
import assert from "node:assert/strict";

import { AnonymousAuthenticationProvider, HttpMethod, RequestInformation }
	from "@microsoft/kiota-abstractions";
import { DefaultRequestAdapter } from "@microsoft/kiota-bundle";
import { createApplePushNotificationCertificateFromDiscriminatorValue,
	createAuditEventCollectionResponseFromDiscriminatorValue,
	createAuditEventFromDiscriminatorValue,
	createDeviceManagementFromDiscriminatorValue }
	from "@microsoft/msgraph-sdk/models/index.js";
import { createODataErrorFromDiscriminatorValue }
	from "@microsoft/msgraph-sdk/models/oDataErrors/index.js";

import { base, client, path, run } from "./check.js";

const adapter = new DefaultRequestAdapter(
	new AnonymousAuthenticationProvider());
adapter.baseUrl = new URL("v1.0", base).href;
const events = "/deviceManagement/auditEvents";

function request(method, at, template = "", values = {}) {
	const info = new RequestInformation(method,
		`{+baseurl}${at}${template}`, values);
	info.addRequestHeaders({ Accept: ["application/json"],
		Authorization: [`Bearer ${process.env.TOKEN}`] });
	return info;
}

function send(info, create) {
	return adapter.send(info, create,
		{ _4XX: createODataErrorFromDiscriminatorValue,
			_5XX: createODataErrorFromDiscriminatorValue });
}

const checks = {
	async "the record is a model"() {
		await client(process.env.TOKEN).api(path).patch({
			appleIdentifier: "kiota",
			expirationDateTime: "2033-11-18T12:00:00Z",
		});
		const got = await send(request(HttpMethod.GET, path),
			createApplePushNotificationCertificateFromDiscriminatorValue);
		assert.equal(got.appleIdentifier, "kiota");
		assert.equal(got.odataType,
			"#microsoft.graph.applePushNotificationCertificate");
		assert.ok(got.lastModifiedDateTime instanceof Date);
		assert.equal(got.expirationDateTime.toISOString(),
			"2033-11-18T12:00:00.000Z");
		assert.deepEqual(got.additionalData, {
			"@odata.context": got.additionalData["@odata.context"] });
	},

	async "$expand is a model in a model"() {
		const got = await send(request(HttpMethod.GET, "/deviceManagement",
			"{?%24expand}", { "%24expand": "applePushNotificationCertificate" }),
			createDeviceManagementFromDiscriminatorValue);
		assert.equal(got.subscriptionState, "active");
		assert.equal(got.applePushNotificationCertificate.appleIdentifier,
			"kiota");
	},

	async "events are models, also after the next link"() {
		const got = await send(request(HttpMethod.GET, events,
			"{?%24count,%24top}", { "%24count": true, "%24top": 2 }),
			createAuditEventCollectionResponseFromDiscriminatorValue);
		assert.equal(got.value.length, 2);
		assert.ok(got.odataCount > 2);
		const [event] = got.value;
		assert.ok(event.activityDateTime instanceof Date);
		assert.equal(event.actor.auditActorType, "ItPro");
		assert.equal(event.resources[0].modifiedProperties.length > 0, true);
		const next = request(HttpMethod.GET, "");
		next.URL = got.odataNextLink;
		const more = await send(next,
			createAuditEventCollectionResponseFromDiscriminatorValue);
		assert.equal(more.value.length, 2);
		assert.notEqual(more.value[0].id, got.value[1].id);
		const one = await send(request(HttpMethod.GET, `${events}/{id}`, "",
			{ id: event.id }), createAuditEventFromDiscriminatorValue);
		assert.equal(one.id, event.id);
	},

	async "a refusal is the SDK's error"() {
		await assert.rejects(send(request(HttpMethod.GET, `${events}/{id}`, "",
			{ id: "00000000-0000-4000-8000-000000000000" }),
			createAuditEventFromDiscriminatorValue), (e) => {
			assert.equal(e.responseStatusCode, 404);
			assert.equal(e.errorEscaped.code, "ResourceNotFound");
			assert.ok(e.errorEscaped.innerError.requestId);
			return true;
		});
	},
};

await run("Kiota", checks);
