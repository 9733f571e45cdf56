/* SPDX-License-Identifier: ISC */
/*
 * test_filter.c - $filter against one event: what matches, and which place of a
 * wrong filter is named. The first cases are filters of public scripts.
 */
#include "format/filter.h"

#include <stdlib.h>

#include "base/buf.h"
#include "format/audit.h"
#include "unit.h"

#define TYPE \
	"Microsoft.Management.Services.Api.ApplePushNotificationCertificate"
#define EVENT_ID "a0d17e00-0000-8000-8000-000000000019"

/* The event's values; a text of NULL is null. 2026-11-29T12:00:00.1234567Z */
static const char *const texts[AUDIT_PATHS] = {
	[AUDIT_ID] = EVENT_ID,
	[AUDIT_DISPLAY_NAME] = "Patch ApplePushNotificationCertificate",
	[AUDIT_COMPONENT] = "Enrollment",
	[AUDIT_TIME] = "",
	[AUDIT_ACTIVITY_TYPE] = "Patch ApplePushNotificationCertificate",
	[AUDIT_OPERATION] = "Patch",
	[AUDIT_RESULT] = "Success",
	[AUDIT_CORRELATION] = "0b1c2d3e-0000-4000-8000-00000000abcd",
	[AUDIT_CATEGORY] = "Enrollment",
	[AUDIT_ACTOR_TYPE] = "ItPro",
	[AUDIT_USER_NAME] = "o'neil@contoso.com",
	[AUDIT_RESOURCE_NAME] = "apple@\xc3\xa4.example",
	[AUDIT_RESOURCE_TYPE] = TYPE,
	[AUDIT_RESOURCE_ID] = "1fc148fd-d7e5-45d3-9f0b-822812820299",
};

static struct filter_value
value_of(const void *row, unsigned path)
{
	ck_assert_ptr_eq(row, texts);
	ck_assert_uint_lt(path, AUDIT_PATHS);
	return (struct filter_value){ .is_null = texts[path] == NULL,
		.text = str_of(texts[path]),
		.time = { 1795953600, 123456700 } };
}

static const struct {
	const char *filter;
	bool holds;
} cases[] = {
	/* Filters of public scripts. */
	{ "activityDateTime gt 2026-11-29", true },
	{ "activityDateTime ge 2026-11-01T00:00:00Z", true },
	{ "activityDateTime ge 2026-11-01T00:00:00.000Z and activityDateTime "
	  "le 2026-11-30T00:00:00.000Z",
	    true },
	{ " activityDateTime gt 2026-11-30T03:00:00Z", false },
	{ "activityDateTime gt 2024-01-09T00:00:00Z and activityDateTime le "
	  "2024-01-11T00:00:00Z",
	    false },
	{ "activityType eq 'Create CloudCertificationAuthority'", false },
	{ "actor/userPrincipalName eq 'admin@contoso.com'", false },
	{ "activityDateTime ge 2022-08-22 and category ne 'Application'",
	    true },
	{ "resources/any(s:s/auditResourceType eq '" TYPE "') and "
	  "activityDateTime gt 2026-11-29T04:00:00.123456Z and "
	  "activityDateTime le 2026-11-30T04:00:00.123456Z and "
	  "activityOperationType ne 'Get'",
	    true },
	{ "resources/any(r: r/resourceId eq "
	  "'1fc148fd-d7e5-45d3-9f0b-822812820299')",
	    true },
	{ "Actor/UserPrincipalName eq 'test@contoso.com' and Resources/any(c: "
	  "c/ResourceId eq 'b7e42574') and ActivityDateTime ge "
	  "2022-01-01T00:00:00Z and ActivityOperationType eq 'Patch' and "
	  "Category eq 'Compliance'",
	    false },
	{ "componentName eq 'MobileAppConfiguration' and activityDateTime gt "
	  "2026-11-29T04:00:00.000000Z",
	    false },
	{ "activityDateTime ge 2026-11-29T00:00:00.1234567Z and "
	  "activityDateTime lt 2026-11-30T00:00:00Z",
	    true },
	/* Operators. */
	{ "category eq 'Enrollment'", true },
	{ "category eq 'enrollment'", false },
	{ "category ne 'enrollment'", true },
	{ "category gt 'Enrollmen'", true },
	{ "category gt 'Enrollment'", false },
	{ "category ge 'Enrollment'", true },
	{ "category lt 'Enrollment'", false },
	{ "category lt 'Enrollment2'", true },
	{ "category le 'Enrollment'", true },
	{ "category le 'E'", false },
	{ "'E' lt category", true },
	{ "'E' gt category", false },
	{ "'Enrollment' le category", true },
	{ "'Enrollment' ge category", true },
	{ "'Enrollment' eq category", true },
	{ "'Enrollment' ne category", false },
	{ "null eq activity", true },
	{ "2026-11-29 lt activityDateTime", true },
	/* Null. */
	{ "activity eq null", true },
	{ "activity ne null", false },
	{ "activity eq 'x'", false },
	{ "activity ne 'x'", true },
	{ "activity gt 'x' or activity lt 'x'", false },
	{ "activity ge null or activity le null", false },
	{ "category ne null", true },
	{ "category eq NULL", false },
	{ "category ge null or category lt null", false },
	{ "category eq 'null'", false },
	{ "activityDateTime eq null", false },
	{ "activityDateTime gt null", false },
	{ "contains(activity,'')", false },
	/* Times. */
	{ "activityDateTime eq 2026-11-29T12:00:00.1234567Z", true },
	{ "activityDateTime eq 2026-11-29T12:00:00.123456700000Z", true },
	{ "activityDateTime eq 2026-11-29t12:00:00.1234567z", true },
	{ "activityDateTime eq 2026-11-29T14:30:00.1234567+02:30", true },
	{ "activityDateTime eq '2026-11-29T12:00:00.1234567Z'", true },
	{ "activityDateTime gt 2026-11-29T12:00:00.1234566Z", true },
	{ "activityDateTime gt 2026-11-29T12:00:00.1234567Z", false },
	{ "activityDateTime ge 2026-11-29T12:00Z", true },
	{ "activityDateTime lt 2026-11-29T12:00:01Z", true },
	{ "activityDateTime lt 2026-11-29T12:00:00Z", false },
	{ "activityDateTime ge '2026-11-30'", false },
	{ "activityDateTime gt 0001-01-01", true },
	/* GUIDs. */
	{ "correlationId eq 0b1c2d3e-0000-4000-8000-00000000abcd", true },
	{ "correlationId eq 0B1C2D3E-0000-4000-8000-00000000ABCD", true },
	{ "correlationId eq '0b1c2d3e-0000-4000-8000-00000000abcd'", true },
	{ "correlationId eq a0d17e00-0000-8000-8000-000000000019", false },
	{ "correlationId ne 00000000-0000-0000-0000-000000000000", true },
	{ "id eq '" EVENT_ID "'", true },
	/* Functions. */
	{ "contains(displayName,'PushNot')", true },
	{ "contains(displayName,'pushnot')", false },
	{ "contains( displayName , '' )", true },
	{ "startswith(displayName,'Patch ')", true },
	{ "startswith(displayName,'atch')", false },
	{ "StartsWith(displayName,'Patch')", true },
	{ "endswith(displayName,'Certificate')", true },
	{ "endswith(displayName,'Certificat')", false },
	{ "endswith(category,'A longer text than that')", false },
	{ "contains(category,'roll') eq true", true },
	{ "contains(category,'roll') eq false", false },
	{ "contains(category,'roll') ne false", true },
	{ "contains(category,'roll') ne true", false },
	{ "not contains(category,'roll') eq false", true },
	{ "contains(actor/userPrincipalName,'@contoso.com')", true },
	/* and, or, not, parentheses. */
	{ "category eq 'a' or category eq 'Enrollment'", true },
	{ "category eq 'Enrollment' or category eq 'a' and category eq 'b'",
	    true },
	{ "(category eq 'Enrollment' or category eq 'a') and category eq 'b'",
	    false },
	{ "category eq 'a' and category eq 'b' or category eq 'Enrollment'",
	    true },
	{ "not category eq 'a'", true },
	{ "not not category eq 'a'", false },
	{ "not (category eq 'Enrollment' and activity eq null)", false },
	{ "not(category eq 'a' or activity ne null)", true },
	{ "not category eq 'a' and category eq 'b'", false },
	{ "NOT (category eq 'a') AND Category EQ 'Enrollment'", true },
	{ "((((((((((category eq 'Enrollment'))))))))))", true },
	{ "\tcategory\teq\t'Enrollment'  ", true },
	{ "category eq'Enrollment'and(activity eq null)", true },
	/* Collections. */
	{ "resources/any()", true },
	{ "not Resources/Any()", false },
	{ "resources/any(resources:resources/displayName ne null)", true },
	{ "resources/any(r:r/resourceId eq 'x' or r/auditResourceType eq "
	  "'" TYPE "')",
	    true },
	{ "resources/any(r:not (r/resourceId eq 'x'))", true },
	{ "not resources/any(r:r/resourceId eq 'x')", true },
	{ "resources/any(r:startswith(r/displayName,'apple'))", true },
	{ "resources/any(r:r/displayName eq 'apple@\xc3\xa4.example')", true },
	{ "resources/any(r:r/resourceId ne null and category eq 'Enrollment')",
	    true },
	{ "resources/any(a:resources/any(b:a/resourceId ne null and "
	  "b/resourceId ne null))",
	    true },
	{ "resources/any(category:category/resourceId ne null)", true },
	/* Texts. */
	{ "actor/userPrincipalName eq 'o''neil@contoso.com'", true },
	{ "actor/userPrincipalName eq 'o''''neil@contoso.com'", false },
	{ "activity eq ''", false },
	{ "category ne ' and ('", true },
	{ "actor/servicePrincipalName eq null and actor/ipAddress eq null and "
	  "actor/userId eq null and actor/applicationId eq null and "
	  "actor/applicationDisplayName eq null and actor/auditActorType eq "
	  "'ItPro'",
	    true },
	{ "activityResult eq 'Success' and activityOperationType eq 'Patch' "
	  "and componentName eq 'Enrollment'",
	    true },
};

static enum err
parse(const char *text, struct arena *a, struct filter *f,
    struct filter_fault *fault)
{
	return filter_parse(
	    unit_guard(0, str_of(text)), &audit_filter, a, f, fault);
}

START_TEST(matches)
{
	char block[512];
	struct filter f;
	struct filter_fault fault;
	struct arena a;

	arena_init(&a, block, sizeof(block));
	unit_check(cases[_i].filter,
	    parse(cases[_i].filter, &a, &f, &fault) == ERR_OK);
	unit_check(cases[_i].filter,
	    filter_holds(&f, value_of, texts) == cases[_i].holds);
}
END_TEST

/* The place of the fault; `what` is NULL for the whole filter. */
static const struct {
	const char *filter;
	enum err outcome;
	size_t at;
	const char *what, *property;
} faults[] = {
	{ "", ERR_FILTER_SYNTAX, 0, NULL, NULL },
	{ "   ", ERR_FILTER_SYNTAX, 3, NULL, NULL },
	{ "category", ERR_FILTER_SYNTAX, 8, NULL, NULL },
	{ "category eq", ERR_FILTER_SYNTAX, 11, NULL, NULL },
	{ "category eq ", ERR_FILTER_SYNTAX, 12, NULL, NULL },
	{ "category == 'a'", ERR_FILTER_SYNTAX, 9, NULL, NULL },
	{ "category in ('a')", ERR_FILTER_SYNTAX, 9, NULL, NULL },
	{ "category eq a", ERR_FILTER_SYNTAX, 12, NULL, NULL },
	{ "category eq activity", ERR_FILTER_SYNTAX, 12, NULL, NULL },
	{ "category eq \"a\"", ERR_FILTER_SYNTAX, 12, NULL, NULL },
	{ "category eq 'a", ERR_FILTER_SYNTAX, 14, NULL, NULL },
	{ "category eq 'a''", ERR_FILTER_SYNTAX, 16, NULL, NULL },
	{ "category eq 'a' 'b'", ERR_FILTER_SYNTAX, 16, NULL, NULL },
	{ "category eq 'a' and", ERR_FILTER_SYNTAX, 19, NULL, NULL },
	{ "category eq 'a' and and", ERR_FILTER_SYNTAX, 23, NULL, NULL },
	{ "or category eq 'a'", ERR_FILTER_SYNTAX, 3, NULL, NULL },
	{ "category eq 'a' xor category eq 'b'", ERR_FILTER_SYNTAX, 16, NULL,
	    NULL },
	{ "category eq 'a')", ERR_FILTER_SYNTAX, 15, NULL, NULL },
	{ "(category eq 'a'", ERR_FILTER_SYNTAX, 16, NULL, NULL },
	{ "()", ERR_FILTER_SYNTAX, 1, NULL, NULL },
	{ "not", ERR_FILTER_SYNTAX, 3, NULL, NULL },
	{ "'a'", ERR_FILTER_SYNTAX, 3, NULL, NULL },
	{ "'a' eq 'b'", ERR_FILTER_SYNTAX, 7, NULL, NULL },
	{ "'a' eq", ERR_FILTER_SYNTAX, 6, NULL, NULL },
	{ "null", ERR_FILTER_SYNTAX, 4, NULL, NULL },
	{ "true", ERR_FILTER_SYNTAX, 4, NULL, NULL },
	{ "actor/ eq 'a'", ERR_FILTER_SYNTAX, 7, NULL, NULL },
	{ "/category eq 'a'", ERR_FILTER_SYNTAX, 0, NULL, NULL },
	{ "category ne '\xc3\xa4\xc3\xa4' &", ERR_FILTER_SYNTAX, 17, NULL,
	    NULL },
	{ "contains(category)", ERR_FILTER_SYNTAX, 17, NULL, NULL },
	{ "contains(category,'a'", ERR_FILTER_SYNTAX, 21, NULL, NULL },
	{ "contains('a',category)", ERR_FILTER_SYNTAX, 9, NULL, NULL },
	{ "contains(category,activity)", ERR_FILTER_SYNTAX, 18, NULL, NULL },
	{ "contains(category,'a','b')", ERR_FILTER_SYNTAX, 21, NULL, NULL },
	{ "contains(category,'a') eq 'a'", ERR_FILTER_SYNTAX, 26, NULL, NULL },
	{ "contains(category,'a') gt true", ERR_FILTER_SYNTAX, 23, NULL, NULL },
	{ "resources/any", ERR_FILTER_SYNTAX, 13, NULL, NULL },
	{ "resources/any(", ERR_FILTER_SYNTAX, 14, NULL, NULL },
	{ "resources/any(r)", ERR_FILTER_SYNTAX, 15, NULL, NULL },
	{ "resources/any(r:)", ERR_FILTER_SYNTAX, 16, NULL, NULL },
	{ "resources/any(r:r/resourceId eq 'a'", ERR_FILTER_SYNTAX, 35, NULL,
	    NULL },
	{ "categories eq 'a'", ERR_FILTER_PROPERTY, 0, "categories", NULL },
	{ "category eq 'a' and x eq 'b'", ERR_FILTER_PROPERTY, 20, "x", NULL },
	{ "'b' eq x/y", ERR_FILTER_PROPERTY, 7, "x/y", NULL },
	{ "actor eq null", ERR_FILTER_PROPERTY, 0, "actor", NULL },
	{ "actor/name eq 'a'", ERR_FILTER_PROPERTY, 0, "actor/name", NULL },
	{ "actor/userPermissions eq 'a'", ERR_FILTER_PROPERTY, 0,
	    "actor/userPermissions", NULL },
	{ "resources/displayName eq 'a'", ERR_FILTER_PROPERTY, 0,
	    "resources/displayName", NULL },
	{ "contains(name,'a')", ERR_FILTER_PROPERTY, 9, "name", NULL },
	{ "resources/any(r:r/name eq 'a')", ERR_FILTER_PROPERTY, 16, "r/name",
	    NULL },
	{ "resources/any(r:r eq 'a')", ERR_FILTER_PROPERTY, 16, "r", NULL },
	{ "resources/any(r:s/resourceId eq 'a')", ERR_FILTER_PROPERTY, 16,
	    "s/resourceId", NULL },
	{ "resources/any(r:r/resourceId eq 'a') and r/resourceId eq 'a'",
	    ERR_FILTER_PROPERTY, 41, "r/resourceId", NULL },
	{ "actor/any(r:r/displayName eq 'a')", ERR_FILTER_PROPERTY, 0, "actor",
	    NULL },
	{ "tolower(category) eq 'a'", ERR_FILTER_FUNCTION, 0, "tolower", NULL },
	{ "category eq 'a' or indexof(category,'a') eq 1", ERR_FILTER_FUNCTION,
	    19, "indexof", NULL },
	{ "resources/all(r:r/resourceId eq 'a')", ERR_FILTER_FUNCTION, 0,
	    "resources/all", NULL },
	{ "category eq 5", ERR_FILTER_LITERAL, 12, "5", "category" },
	{ "category eq true", ERR_FILTER_LITERAL, 12, "true", "category" },
	{ "category eq 2026-11-29", ERR_FILTER_LITERAL, 12, "2026-11-29",
	    "category" },
	{ "5 eq category", ERR_FILTER_LITERAL, 0, "5", "category" },
	{ "activityDateTime gt 'yesterday'", ERR_FILTER_LITERAL, 20,
	    "'yesterday'", "activityDateTime" },
	{ "activityDateTime gt 2026", ERR_FILTER_LITERAL, 20, "2026",
	    "activityDateTime" },
	{ "activityDateTime gt 2026-02-29", ERR_FILTER_LITERAL, 20,
	    "2026-02-29", "activityDateTime" },
	{ "activityDateTime gt 2026-11-29T12:00:00", ERR_FILTER_LITERAL, 20,
	    "2026-11-29T12:00:00", "activityDateTime" },
	{ "activityDateTime gt ''", ERR_FILTER_LITERAL, 20, "''",
	    "activityDateTime" },
	{ "activityDateTime gt "
	  "'2026-11-29T12:00:00.1234567890123456789012345678901234567Z'",
	    ERR_FILTER_LITERAL, 20,
	    "'2026-11-29T12:00:00.1234567890123456789012345678901234567Z'",
	    "activityDateTime" },
	{ "contains(activityDateTime,'2026')", ERR_FILTER_LITERAL, 26, "'2026'",
	    "activityDateTime" },
	{ "contains(category,null)", ERR_FILTER_LITERAL, 18, "null",
	    "category" },
	{ "correlationId eq 'a'", ERR_FILTER_LITERAL, 17, "'a'",
	    "correlationId" },
	{ "correlationId eq 5", ERR_FILTER_LITERAL, 17, "5", "correlationId" },
	{ "startswith(correlationId,'0b1c')", ERR_FILTER_LITERAL, 25, "'0b1c'",
	    "correlationId" },
	{ "resources/any(r:r/resourceId eq 5)", ERR_FILTER_LITERAL, 32, "5",
	    "r/resourceId" },
	{ "(((((((((((category eq 'a')))))))))))", ERR_FILTER_DEPTH, 10, NULL,
	    NULL },
	{ "((((((((((resources/any(r:r/resourceId eq 'a')))))))))))",
	    ERR_FILTER_DEPTH, 25, NULL, NULL },
};

START_TEST(names_the_place_of_a_fault)
{
	const char *filter = faults[_i].filter;
	char block[512];
	struct filter f;
	struct filter_fault fault;
	struct arena a;

	arena_init(&a, block, sizeof(block));
	unit_check(filter, parse(filter, &a, &f, &fault) == faults[_i].outcome);
	ck_assert_msg(
	    fault.at == faults[_i].at, "%s: position %zu", filter, fault.at);
	unit_same(filter, fault.what,
	    str_of(faults[_i].what != NULL ? faults[_i].what : filter));
	if (faults[_i].outcome == ERR_FILTER_LITERAL)
		unit_same(filter, fault.property, str_of(faults[_i].property));
}
END_TEST

/* A filter of so many terms, each in parentheses. */
static enum err
parse_terms(size_t n, const char *term, struct filter *f, size_t *at)
{
	static char text[8192], block[8192];
	struct filter_fault fault;
	struct arena a;
	struct buf b;
	size_t i;
	enum err e;

	arena_init(&a, block, sizeof(block));
	buf_init(&b, text, sizeof(text));
	for (i = 0; i < n; i++) {
		buf_text(&b, i == 0 ? "" : i % 2 ? " and " : " or ");
		buf_text(&b, term);
	}
	ck_assert(!b.full);
	e = filter_parse(buf_view(&b), &audit_filter, &a, f, &fault);
	*at = fault.at;
	return e;
}

START_TEST(bounds_the_terms)
{
	static const char *const terms[] = { "category ne 'a'",
		"(category ne 'a')", "not (contains(displayName,'x'))",
		"resources/any(r:r/resourceId ne 'a')", "resources/any()" };
	struct filter f;
	size_t i, at;

	for (i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		unit_check(terms[i],
		    parse_terms(FILTER_TERMS_MAX, terms[i], &f, &at) == ERR_OK);
		unit_check(terms[i], filter_holds(&f, value_of, texts));
		unit_check(terms[i], f.n == 2 * FILTER_TERMS_MAX - 1);
		unit_check(terms[i],
		    parse_terms(FILTER_TERMS_MAX + 1, terms[i], &f, &at) ==
			ERR_FILTER_TERMS);
	}
	ck_assert(parse_terms(FILTER_TERMS_MAX + 1, terms[0], &f, &at) ==
	    ERR_FILTER_TERMS);
	/* 50 terms of 15 characters, 25 times " and " and 24 times " or ", and
	 * the last " or ". */
	ck_assert_uint_eq(at, 50 * 15 + 25 * 5 + 25 * 4);
}
END_TEST

START_TEST(needs_memory)
{
	char block[1];
	struct filter f;
	struct filter_fault fault;
	struct arena none;

	arena_init(&none, block, 0);
	ck_assert(parse("category eq 'a'", &none, &f, &fault) == ERR_OK);
	ck_assert(parse("category eq 'a''b'", &none, &f, &fault) == ERR_MEMORY);
	ck_assert(parse("correlationId eq 0b1c2d3e-0000-4000-8000-00000000abcd",
		      &none, &f, &fault) == ERR_MEMORY);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("filter");
	TCase *t = tcase_create("filter");

	tcase_add_loop_test(t, matches, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(t, names_the_place_of_a_fault, 0,
	    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(t, bounds_the_terms);
	tcase_add_test(t, needs_memory);
	suite_add_tcase(s, t);
	return unit_run(s);
}
