// SPDX-License-Identifier: ISC
//
// readers.js FILE... - reads $metadata with odata-csdl and with SAP's edmx-parser
// and annotation-converter. The exit status is 1 if one of them finds a fault.
import assert from "node:assert/strict";
import fs from "node:fs";

import { convert } from "@sap-ux/annotation-converter";
import { parse } from "@sap-ux/edmx-parser";
import csdl from "odata-csdl";

const certificate = "microsoft.graph.applePushNotificationCertificate";

for (const file of process.argv.slice(2)) {
	const xml = fs.readFileSync(file, "utf8");
	const messages = [];
	const json = csdl.xml2json(xml, { messages });
	const types = json["microsoft.graph"];
	assert.deepEqual(messages, []);
	assert.match(types.GraphService.deviceManagement.$Type,
		/graph\.deviceManagement$/);
	assert.ok(types.applePushNotificationCertificate.expirationDateTime);

	const model = convert(parse(xml));
	assert.deepEqual(model.diagnostics, []);
	const type = model.entityTypes.by_fullyQualifiedName(certificate);
	assert.equal(type.entityProperties.by_name("topicIdentifier").type,
		"Edm.String");
	assert.equal(
		type.entityProperties.by_name("lastModifiedDateTime")
			.annotations.Core.Computed.valueOf(), true);
	assert.ok(model.actions.length >= 1);
}
