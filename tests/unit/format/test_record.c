/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "format/record.h"
#include "unit.h"

/* The bodies are valid JSON. Complete responses are in tests/golden. */
static const struct {
	const char *name;
	const char *body;
	enum err outcome;
	const char *what, *target;
} refusals[] = {
	{ "an unknown property", "{\"x\":1}", ERR_UNKNOWN_PROPERTY, "x", "x" },
	{ "another case", "{\"ID\":\"x\"}", ERR_UNKNOWN_PROPERTY, "ID", "ID" },
	{ "an empty name", "{\"\":1}", ERR_UNKNOWN_PROPERTY, "", "" },
	{ "a number", "{\"topicIdentifier\":-1.5e3}", ERR_NOT_STRING, "-1.5e3",
	    "topicIdentifier" },
	{ "an array", "{\"certificate\":[1, 2]}", ERR_NOT_STRING, "[1, 2]",
	    "certificate" },
	{ "false for a date", "{\"expirationDateTime\":false}", ERR_NOT_DATE,
	    "false", "expirationDateTime" },
	{ "a text for a date", "{\"expirationDateTime\":\"x\"}", ERR_NOT_DATE,
	    "x", "expirationDateTime" },
	{ "null for a date", "{\"expirationDateTime\":null}", ERR_NOT_NULLABLE,
	    "expirationDateTime", "expirationDateTime" },
	{ "another type", "{\"@odata.type\":\"#microsoft.graph.x\"}",
	    ERR_WRONG_TYPE, "#microsoft.graph.x", "@odata.type" },
	{ "an annotation of the unknown", "{\"x@odata.type\":1}",
	    ERR_UNKNOWN_PROPERTY, "x@odata.type", "x@odata.type" },
	{ "an annotation of another kind", "{\"id@other\":1}",
	    ERR_UNKNOWN_PROPERTY, "id@other", "id@other" },
};

static enum err
read_patch(const char *body, struct arena *a, struct patch *p, struct str *what,
    struct str *target)
{
	struct json json;

	ck_assert(
	    json_parse(unit_guard(0, str_of(body)), a, &json, what) == ERR_OK);
	return record_patch(&json, a, p, what, target);
}

START_TEST(refuses)
{
	char block[16384];
	struct str what, target;
	struct arena a;
	struct patch p;

	arena_init(&a, block, sizeof(block));
	unit_check(refusals[_i].name,
	    read_patch(refusals[_i].body, &a, &p, &what, &target) ==
		refusals[_i].outcome);
	unit_same(refusals[_i].name, what, str_of(refusals[_i].what));
	unit_same(refusals[_i].name, target, str_of(refusals[_i].target));
}
END_TEST

START_TEST(reads_and_merges_a_patch)
{
	char block[16384];
	struct record r = { .revision = 7 };
	struct str what, target;
	struct arena a;
	struct patch p;

	arena_init(&a, block, sizeof(block));
	ck_assert(read_patch("{\"id\":null,\"topicIdentifier\":null,"
			     "\"appleIdentifier\":\"a\\u0062\","
			     "\"expirationDateTime\":\"2024-01-01t00:00z\"}",
		      &a, &p, &what, &target) == ERR_OK);
	ck_assert_uint_eq(p.set,
	    RECORD_BIT(RECORD_APPLE_ID) | RECORD_BIT(RECORD_TOPIC) |
		RECORD_BIT(RECORD_EXPIRES));
	r.value[RECORD_ID] = str_of("the id");
	r.value[RECORD_TOPIC] = str_of("the topic");
	r.value[RECORD_STATUS] = str_of("the status");
	record_merge(&r, &p);
	unit_same("id", r.value[RECORD_ID], str_of("the id"));
	unit_same("apple", r.value[RECORD_APPLE_ID], str_of("ab"));
	unit_same("topic", r.value[RECORD_TOPIC], str_of(NULL));
	unit_same("status", r.value[RECORD_STATUS], str_of("the status"));
	unit_same(
	    "expires", r.value[RECORD_EXPIRES], str_of("2024-01-01T00:00:00Z"));
}
END_TEST

START_TEST(reads_unset_values)
{
	struct record r = { .revision = 0 };

	unit_same("expires", record_text(&r, RECORD_EXPIRES),
	    str_of("0001-01-01T00:00:00Z"));
	unit_same("topic", record_text(&r, RECORD_TOPIC), str_of(NULL));
}
END_TEST

static const struct {
	const char *name;
	const char *body;
	bool removes;
} removals[] = {
	{ "both empty", "{\"appleIdentifier\":\"\",\"certificate\":\"\"}",
	    true },
	{ "both empty and more",
	    "{\"certificate\":\"\",\"topicIdentifier\":\"t\","
	    "\"appleIdentifier\":\"\"}",
	    true },
	{ "one empty", "{\"certificate\":\"\"}", false },
	{ "one null", "{\"appleIdentifier\":null,\"certificate\":\"\"}",
	    false },
	{ "one a blank", "{\"appleIdentifier\":\" \",\"certificate\":\"\"}",
	    false },
	{ "nothing", "{}", false },
};

START_TEST(knows_a_removal)
{
	char block[16384];
	struct str what, target;
	struct arena a;
	struct patch p;

	arena_init(&a, block, sizeof(block));
	unit_check(removals[_i].name,
	    read_patch(removals[_i].body, &a, &p, &what, &target) == ERR_OK);
	unit_check(removals[_i].name,
	    record_patch_removes(&p) == removals[_i].removes);
}
END_TEST

START_TEST(makes_etags)
{
	char text[RECORD_ETAG_MAX];
	struct record r = { .revision = UINT64_MAX };

	r.value[RECORD_ID] = str_of("6bcc9004-9004-6bcc-0490-cc6b0490cc6b");
	r.value[RECORD_MODIFIED] = str_of("2026-11-27T02:52:51.1234567Z");
	unit_same("etag", record_etag(&r, text),
	    str_of("W/\"6bcc9004.18446744073709551615.1234567\""));
}
END_TEST

START_TEST(stores_and_reads_back)
{
	char bytes[1024];
	struct record r = { .revision = 258 }, again;
	struct str key = str_of("key");
	struct buf b;
	unsigned i;

	r.value[RECORD_ID] = str_of("i");
	r.value[RECORD_CERTIFICATE] = str_from("a\0b", 3);
	r.value[RECORD_STATUS] = str_of("");
	r.newest_topic = str_of("t");
	r.fingerprint = str_of("f");
	buf_init(&b, bytes, sizeof(bytes));
	record_encode(key, &r, &b);
	ck_assert(!b.full);
	ck_assert(
	    record_decode(key, unit_guard(0, buf_view(&b)), &again) == ERR_OK);
	for (i = 0; i < RECORD_PROPERTIES; i++)
		unit_same(
		    record_properties[i].name, again.value[i], r.value[i]);
	ck_assert_uint_eq(again.revision, 258);
	unit_same("newest topic", again.newest_topic, r.newest_topic);
	unit_same("fingerprint", again.fingerprint, r.fingerprint);
	ck_assert(
	    record_decode(str_of("kez"), buf_view(&b), &again) == ERR_CORRUPT);
}
END_TEST

/* A row under the key "key" that the first release wrote. Its table had nine
 * properties: "ax", "bx", "cx", "dx", "e", "fx", null, "hx", "ix", and the
 * revision 258. */
static const char row_of_nine_properties[] =
    "010a66d4962c13106f10020000000200000002000000020000000100000002000000"
    "ffffffff0200000002000000080000006178627863786478656678687869780201"
    "000000000000";

START_TEST(reads_a_row_of_nine_properties)
{
	static const struct {
		enum property property;
		const char *text;
	} wanted[] = {
		{ RECORD_ID, "ax" },
		{ RECORD_APPLE_ID, "bx" },
		{ RECORD_TOPIC, "cx" },
		{ RECORD_MODIFIED, "dx" },
		{ RECORD_EXPIRES, "e" },
		{ RECORD_STATUS, "fx" },
		{ RECORD_FAILURE, NULL },
		{ RECORD_SERIAL, "hx" },
		{ RECORD_CERTIFICATE, "ix" },
	};
	uint8_t row[(sizeof(row_of_nine_properties) - 1) / 2];
	struct record r;
	size_t i;

	ck_assert(str_unhex(str_of(row_of_nine_properties), row, sizeof(row)));
	ck_assert(record_decode(str_of("key"),
		      str_from((const char *)row, sizeof(row)), &r) == ERR_OK);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		unit_same(record_properties[wanted[i].property].name,
		    r.value[wanted[i].property], str_of(wanted[i].text));
	ck_assert_uint_eq(r.revision, 258);
	/* Such a row has no newest topic, so the topic of the stored
	 * certificate counts. */
	ck_assert(str_is_null(r.newest_topic) && str_is_null(r.fingerprint));
	unit_same("topic", record_newest_topic(&r), str_of("cx"));
}
END_TEST

static const struct {
	const char *name;
	struct str serial, topic, newest, want;
} topics[] = {
	{ "has none at first", { NULL, 0 }, { NULL, 0 }, { NULL, 0 },
	    { NULL, 0 } },
	{ "has none from a topic that a client made up", { NULL, 0 }, STR("a"),
	    { NULL, 0 }, { NULL, 0 } },
	{ "has the topic of a certificate", STR("01"), STR("a"), STR("a"),
	    STR("a") },
	{ "keeps a topic that was cleared", { NULL, 0 }, STR("b"), STR("a"),
	    STR("a") },
	{ "keeps it over a certificate without a topic", STR("01"), { NULL, 0 },
	    STR("a"), STR("a") },
	{ "has that of a certificate of an older release", STR("01"), STR("a"),
	    { NULL, 0 }, STR("a") },
	{ "treats an empty one as absent", STR("01"), STR(""), { NULL, 0 },
	    { NULL, 0 } },
};

START_TEST(knows_the_newest_topic)
{
	struct record r = { .newest_topic = topics[_i].newest };

	r.value[RECORD_SERIAL] = topics[_i].serial;
	r.value[RECORD_TOPIC] = topics[_i].topic;
	unit_check(topics[_i].name,
	    record_is_real(&r) == !str_is_null(topics[_i].serial));
	unit_same(topics[_i].name, record_newest_topic(&r), topics[_i].want);
	unit_check(topics[_i].name,
	    str_is_null(record_newest_topic(&r)) ==
		str_is_null(topics[_i].want));
}
END_TEST

START_TEST(compares_every_property)
{
	struct record a = { .revision = 1 }, b = { .revision = 2 };
	unsigned i;

	ck_assert(record_same(&a, &b));
	for (i = 0; i < RECORD_PROPERTIES; i++) {
		b.value[i] = STR_EMPTY;
		unit_check(record_properties[i].name, !record_same(&a, &b));
		a.value[i] = STR_EMPTY;
		unit_check(record_properties[i].name, record_same(&a, &b));
		b.value[i] = str_of("x");
		unit_check(record_properties[i].name, !record_same(&a, &b));
		a.value[i] = str_of("x");
	}
}
END_TEST

START_TEST(gives_each_property_a_field_of_its_own)
{
	uint64_t taken = UINT64_C(1) << RECORD_FIELD_REVISION |
	    UINT64_C(1) << RECORD_FIELD_NEWEST_TOPIC |
	    UINT64_C(1) << RECORD_FIELD_FINGERPRINT;
	uint64_t bit;
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++) {
		bit = UINT64_C(1) << record_properties[i].field;
		unit_check(record_properties[i].name,
		    record_properties[i].field < RECORD_FIELDS &&
			(taken & bit) == 0);
		taken |= bit;
	}
}
END_TEST

START_TEST(gives_each_property_a_name_and_a_limit)
{
	const struct record_property *p;
	size_t sum = 0;
	unsigned i;

	for (i = 0; i < RECORD_PROPERTIES; i++) {
		p = &record_properties[i];
		ck_assert_msg(p->name != NULL && p->limit > 0,
		    "property %u has no row, name or limit", i);
		sum += (size_t)p->limit * (p->limit_is_bytes ? 1 : 4);
	}
	ck_assert_uint_le(sum, RECORD_BYTES_MAX);
}
END_TEST

START_TEST(stores_a_set_of_properties_by_field)
{
	uint64_t fields = record_set_to_fields(
	    RECORD_BIT(RECORD_ID) | RECORD_BIT(RECORD_CERTIFICATE));

	ck_assert_uint_eq(fields, 1 << 0 | 1 << 8);
	ck_assert_uint_eq(record_set_of_fields(fields),
	    RECORD_BIT(RECORD_ID) | RECORD_BIT(RECORD_CERTIFICATE));
	/* The field of the revision and a field of a later release are not
	 * properties. */
	ck_assert_uint_eq(record_set_of_fields(1 << 9 | UINT64_C(1) << 63), 0);
	ck_assert_uint_eq(
	    record_set_of_fields(record_set_to_fields(RECORD_ALL)), RECORD_ALL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");

	tcase_add_loop_test(
	    t, refuses, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(t, reads_and_merges_a_patch);
	tcase_add_test(t, reads_unset_values);
	tcase_add_loop_test(
	    t, knows_a_removal, 0, sizeof(removals) / sizeof(removals[0]));
	tcase_add_test(t, makes_etags);
	tcase_add_test(t, stores_and_reads_back);
	tcase_add_test(t, reads_a_row_of_nine_properties);
	tcase_add_loop_test(
	    t, knows_the_newest_topic, 0, sizeof(topics) / sizeof(topics[0]));
	tcase_add_test(t, compares_every_property);
	tcase_add_test(t, gives_each_property_a_field_of_its_own);
	tcase_add_test(t, gives_each_property_a_name_and_a_limit);
	tcase_add_test(t, stores_a_set_of_properties_by_field);
	suite_add_tcase(s, t);
	return unit_run(s);
}
