/* SPDX-License-Identifier: ISC */
/*
 * config_value.c - checks, reads and writes the value of a key.
 */
#include "state/config_private.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "format/origin.h"

static const struct {
	char letter;
	size_t factor;
} units[] = { { 'K', K }, { 'M', M }, { 'G', G } };

/* --- what texts look like ------------------------------------------------- */

/* Only characters of RFC 3986, so that the URL is safe in a header. */
static bool
is_url(struct str url)
{
	size_t i, scheme = str_starts(url, "https://") ? 8 : 7;

	if (scheme == 7 && !str_starts(url, "http://"))
		return false;
	for (i = 0; i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] > '~' ||
		    strchr("\"<>\\^`{|}", url.p[i]) != NULL)
			return false;
	return url.n > scheme && url.p[scheme] != '/';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Segments of characters that need no escape in a path (RFC 3986, section 3.3).
 * The segments . and .. are refused, because a web server removes them before
 * we see the path. */
static bool
is_mount(struct str path)
{
	static const char marks[] = "/-._~!$&'()*+,;=:@";
	struct str rest = path;
	size_t i;

	for (i = 0; i < path.n; i++)
		if (!is_letter(path.p[i]) &&
		    !(path.p[i] >= '0' && path.p[i] <= '9') &&
		    strchr(marks, path.p[i]) == NULL)
			return false;
	while (!str_is_null(rest)) {
		struct str segment = str_cut(&rest, '/');

		if (str_is(segment, ".") || str_is(segment, ".."))
			return false;
	}
	return path.p[0] == '/';
}

static bool
is_origin(struct str item)
{
	struct origin origin;

	return str_is(item, "*") || origin_parse(item, &origin);
}

/* The name of a schema needs no quotes in SQL. */
static bool
is_schema(struct str s)
{
	static const char marks[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t i;

	for (i = 0; i < s.n; i++)
		if (memchr(marks, s.p[i], i > 0 ? 37 : 27) == NULL)
			return false;
	return s.n <= 63;
}

static bool
is_country(struct str code)
{
	return code.n == 2 && is_letter(code.p[0]) && is_letter(code.p[1]);
}

/* nginx sends "unix:" as the address of a client on a local socket. */
static bool
is_address(struct str address)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	if (address.n >= sizeof(text))
		return false;
	memset(text, 0, sizeof(text));
	memcpy(text, address.p, address.n);
	return inet_pton(AF_INET, text, bytes) == 1 ||
	    inet_pton(AF_INET6, text, bytes) == 1 || str_is(address, "unix:");
}

static bool
is_id(struct str s)
{
	struct guid id;

	return str_guid(s, &id);
}

/* An object id, which may have its tenant before it. */
static bool
is_object(struct str s)
{
	struct str tenant = str_cut(&s, '/');

	return is_id(tenant) && (str_is_null(s) || is_id(s));
}

static const struct {
	bool (*fits)(struct str item);
	const char *look;
} forms[] = {
	[URL] = { is_url, "a URL of http or https" },
	[MOUNT] = { is_mount, "a path such as /graph" },
	[COUNTRY] = { is_country, "a code of two letters" },
	[DATABASE] = { config_database_fits,
	    "a connection string of libpq without a password; the password "
	    "belongs into database_password_file" },
	[SCHEMA] = { is_schema,
	    "a name of lower-case letters, digits and underscores" },
	[ADDRESSES] = { is_address,
	    "a list of addresses, not of names or networks" },
	[ORIGINS] = { is_origin,
	    "a list of origins such as https://example.org, or *" },
	[ID] = { is_id, "a GUID, the id of a tenant" },
	[IDS] = { is_object,
	    "a list of object ids (GUIDs), each as ID or TENANT/ID" },
};

char
config_joint(enum config_kind kind)
{
	if (kind == DATABASE)
		return '\n';
	return kind == LIST || kind == ADDRESSES || kind == ORIGINS ||
		kind == IDS
	    ? ','
	    : '\0';
}

static bool
fits(enum config_kind kind, const char *value)
{
	bool is_list = config_joint(kind) == ',';
	struct str item, rest = str_of(value);

	if (kind == TEXT || kind == LIST)
		return true;
	do {
		item = is_list ? str_trim(str_cut(&rest, ',')) : rest;
		if (item.n > 0 && !forms[kind].fits(item))
			return false;
	} while (is_list && !str_is_null(rest));
	return true;
}

/* --- values --------------------------------------------------------------- */

/* Reads a decimal number; with_unit allows K, M or G after it. */
static bool
read_number(struct str text, bool with_unit, size_t *out)
{
	size_t factor = 1, i;
	uint64_t u;

	for (i = 0; with_unit && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text.n > 1 && text.p[text.n - 1] == units[i].letter) {
			factor = units[i].factor;
			text.n--;
			break;
		}
	}
	if (!str_u64(text, &u) || u > SIZE_MAX / factor)
		return false;
	*out = (size_t)u * factor;
	return true;
}

static bool
read_choice(const char *const *choices, const char *text, int *out)
{
	for (*out = 0; choices[*out] != NULL; (*out)++)
		if (strcmp(choices[*out], text) == 0)
			return true;
	return false;
}

/* Appends the value of a line; the first line replaces the default. */
static bool
add_line(const char *value, bool first, char joint, char *at)
{
	size_t n = first ? 0 : strlen(at);

	if (n + 1 + strlen(value) >= CONFIG_TEXT_MAX)
		return false;
	if (first)
		memset(at, 0, CONFIG_TEXT_MAX);
	if (n > 0 && value[0] != '\0')
		at[n++] = joint;
	strcpy(at + n, value);
	return true;
}

bool
config_set(
    const struct config_key *k, const char *value, bool first, struct config *c)
{
	char *at = (char *)c + k->offset;
	size_t number;
	int choice;

	switch (k->kind) {
	case TEXT:
	case URL:
	case MOUNT:
	case COUNTRY:
	case DATABASE:
	case SCHEMA:
	case ID:
	case LIST:
	case ADDRESSES:
	case ORIGINS:
	case IDS:
		return fits(k->kind, value) &&
		    add_line(value, first, config_joint(k->kind), at) &&
		    (first || fits(k->kind, at));
	case SIZE:
	case COUNT:
		if (!read_number(str_of(value), k->kind == SIZE, &number) ||
		    number < k->least || number > k->most)
			return false;
		memcpy(at, &number, sizeof(number));
		return true;
	case CHOICE:
		if (!read_choice(k->choices, value, &choice))
			return false;
		memcpy(at, &choice, sizeof(choice));
		return true;
	case FLAG:
		if (!read_choice(k->choices, value, &choice))
			return false;
		*(bool *)(void *)at = choice == 1;
		return true;
	}
	return false;
}

/* Appends a size, which is not 0, with the largest unit that divides it. */
static void
print_size(size_t size, struct buf *out)
{
	size_t i = sizeof(units) / sizeof(units[0]);

	while (i-- > 0) {
		if (size % units[i].factor == 0) {
			buf_u64(out, size / units[i].factor);
			buf_char(out, units[i].letter);
			return;
		}
	}
	buf_u64(out, size);
}

void
config_print_value(
    const struct config_key *k, const struct config *c, struct buf *out)
{
	const char *at = (const char *)c + k->offset;
	size_t number;
	int choice;

	switch (k->kind) {
	case TEXT:
	case URL:
	case MOUNT:
	case COUNTRY:
	case DATABASE:
	case SCHEMA:
	case ID:
	case LIST:
	case ADDRESSES:
	case ORIGINS:
	case IDS:
		buf_text(out, at);
		break;
	case SIZE:
		memcpy(&number, at, sizeof(number));
		print_size(number, out);
		break;
	case COUNT:
		memcpy(&number, at, sizeof(number));
		buf_u64(out, number);
		break;
	case CHOICE:
		memcpy(&choice, at, sizeof(choice));
		buf_text(out, k->choices[choice]);
		break;
	case FLAG:
		buf_text(out, k->choices[*(const bool *)(const void *)at]);
		break;
	}
}

void
config_describe(const struct config_key *k, struct buf *out)
{
	size_t i;

	switch (k->kind) {
	case TEXT:
	case LIST:
		buf_printf(
		    out, "a text of fewer than %d bytes", CONFIG_TEXT_MAX);
		break;
	case URL:
	case MOUNT:
	case COUNTRY:
	case DATABASE:
	case SCHEMA:
	case ID:
	case ADDRESSES:
	case ORIGINS:
	case IDS:
		buf_text(out, forms[k->kind].look);
		break;
	case SIZE:
		buf_text(out, "a size from ");
		print_size(k->least, out);
		buf_text(out, " to ");
		print_size(k->most, out);
		break;
	case COUNT:
		buf_printf(out, "a number from %zu to %zu", k->least, k->most);
		break;
	case CHOICE:
	case FLAG:
		for (i = 0; k->choices[i] != NULL; i++) {
			buf_text(out, i > 0 ? " or " : "");
			buf_text(out, k->choices[i]);
		}
		break;
	}
}
