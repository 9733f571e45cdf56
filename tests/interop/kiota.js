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
	createDeviceManagementFromDiscriminatorValue }
	from "@microsoft/msgraph-sdk/models/index.js";
import { createODataErrorFromDiscriminatorValue }
	from "@microsoft/msgraph-sdk/models/oDataErrors/index.js";

import { base, client, path, run } from "./check.js";

const adapter = new DefaultRequestAdapter(
	new AnonymousAuthenticationProvider());
adapter.baseUrl = new URL("v1.0", base).href;

function request(method, at, template = "", values = {}) {
	const info = new RequestInformation(method,
		`{+baseurl}${at}${template}`, values);
	info.addRequestHeaders({ Accept: ["application/json"],
		Authorization: [`Bearer ${process.env.TOKEN}`] });
	return info;
}

function send(info, create) {
	return adapter.send(info, create,
		{ XXX: createODataErrorFromDiscriminatorValue });
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

	async "a refusal is the SDK's error"() {
		await assert.rejects(send(request(HttpMethod.GET, path,
			"{?%24filter}", { "%24filter": "id eq 'x'" }),
			createApplePushNotificationCertificateFromDiscriminatorValue),
		(e) => {
			assert.equal(e.responseStatusCode, 400);
			assert.equal(e.errorEscaped.code, "BadRequest");
			assert.ok(e.errorEscaped.innerError.requestId);
			return true;
		});
	},
};

await run("Kiota", checks);
