/* SPDX-License-Identifier: ISC */
/*
 * odata.c - query options and headers of OData and HTTP.
 */
#include "format/odata.h"

#include <string.h>

/* The system query options of OData 4.01 that some resource takes. */
static const char *const options[ODATA_OPTIONS] = {
	[ODATA_SELECT] = "select",
	[ODATA_FORMAT] = "format",
	[ODATA_EXPAND] = "expand",
	[ODATA_FILTER] = "filter",
	[ODATA_ORDERBY] = "orderby",
	[ODATA_TOP] = "top",
	[ODATA_SKIP] = "skip",
	[ODATA_COUNT] = "count",
	[ODATA_SKIPTOKEN] = "skiptoken",
};

/*
 * Whether this is a system query option; *number is then its index. A name with
 * a $ that the resource does not take is refused, with *number = ODATA_OPTIONS.
 * A name without a $ is a custom option, unless the resource takes the option.
 * "format" without its $ is always one.
 */
static bool
is_system_option(struct str name, unsigned taken, size_t *number)
{
	bool dollar = str_starts(name, "$");

	if (!dollar)
		taken &= ~ODATA_BIT(ODATA_FORMAT);
	name = str_tail(name, dollar);
	for (*number = 0; *number < ODATA_OPTIONS; (*number)++)
		if ((taken & ODATA_BIT(*number)) != 0 &&
		    str_iis(name, options[*number]))
			return true;
	return dollar;
}

/* Takes the next element of a header list (RFC 9110, section 5.6.1), up to the
 * next separator outside a quoted string. */
static struct str
next_element(struct str *list, char separator)
{
	struct str rest = *list;
	bool quoted = false;
	size_t i;

	for (i = 0; i < rest.n; i++) {
		if (quoted && rest.p[i] == '\\')
			i++;
		else if (rest.p[i] == '"')
			quoted = !quoted;
		else if (rest.p[i] == separator && !quoted)
			break;
	}
	if (i >= rest.n)
		*list = str_of(NULL);
	else
		*list = str_tail(rest, i + 1);
	return str_trim(str_head(rest, i));
}

/* The value of a parameter, without quotes around it. */
static struct str
unquoted(struct str value)
{
	value = str_trim(value);
	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		return str_from(value.p + 1, value.n - 2);
	return value;
}

/* Whether the weight is 0, 0.0 and so on. Any other weight means acceptable. */
static bool
is_zero(struct str q)
{
	size_t i;

	for (i = 0; i < q.n; i++)
		if (q.p[i] != '0' && q.p[i] != '.')
			return false;
	return q.n > 0 && q.p[0] == '0';
}

/* How precisely a media range names application/json; 0: not at all. */
static int
range_precision(struct str type)
{
	if (str_iis(type, "application/json"))
		return 3;
	if (str_iis(type, "application/*"))
		return 2;
	return str_is(type, "*/*") || str_is(type, "*") ? 1 : 0;
}

/* Reads the parameters of a media type or range. */
static void
read_parameters(struct str list, enum odata_metadata *level, bool *zero)
{
	*level = ODATA_MINIMAL;
	while (!str_is_null(list)) {
		struct str value = next_element(&list, ';');
		struct str name = str_trim(str_cut(&value, '='));

		value = unquoted(value);
		if (str_iis(name, "q"))
			*zero = is_zero(value);
		else if (!str_iis(name, "odata.metadata") &&
		    !str_iis(name, "metadata"))
			continue;
		else if (str_iis(value, "none"))
			*level = ODATA_NONE;
		else if (str_iis(value, "full"))
			*level = ODATA_FULL;
	}
}

enum err
odata_format(struct str value, enum odata_metadata *out)
{
	struct str type = next_element(&value, ';');
	bool zero = false;

	if (!str_iis(type, "json") && !str_iis(type, "application/json"))
		return ERR_FORMAT;
	read_parameters(value, out, &zero);
	return ERR_OK;
}

bool
odata_format_is(struct str value, struct str type)
{
	struct str half = type;

	value = next_element(&value, ';');
	(void)str_cut(&half, '/');
	return str_ieq(value, type) || str_ieq(value, half);
}

static enum err
decode(struct arena *a, struct str *text)
{
	char *room = arena_take(a, text->n);

	if (room == NULL)
		return ERR_MEMORY;
	if (!str_unpercent(*text, true, room, text) || !str_utf8_valid(*text))
		return ERR_QUERY_ESCAPE;
	return ERR_OK;
}

/* Whether a name that cannot be decoded starts like a system option. */
static bool
has_dollar(struct str name)
{
	return str_starts(name, "$") || str_starts(name, "%24");
}

/* Reads one name=value of the query. */
static enum err
read_option(struct str pair, unsigned taken, struct arena *a,
    struct odata_query *out, struct str *what)
{
	struct str value = pair, name = str_cut(&value, '=');
	size_t number;
	enum err e;

	*what = name;
	if ((e = decode(a, &name)) != ERR_OK)
		return e == ERR_QUERY_ESCAPE && !has_dollar(*what) ? ERR_OK : e;
	if (!is_system_option(name, taken, &number))
		return ERR_OK;
	*what = name;
	if (number == ODATA_OPTIONS)
		return ERR_QUERY_OPTION;
	if (!str_is_null(out->text[number]))
		return ERR_QUERY_TWICE;
	if (str_is_null(value))
		value = STR_EMPTY;
	if ((e = decode(a, &value)) != ERR_OK)
		return e;
	out->text[number] = str_trim(value);
	return ERR_OK;
}

enum err
odata_query(struct str query, unsigned taken, struct arena *a,
    struct odata_query *out, struct str *what)
{
	enum err e;

	*out = (struct odata_query){ .text = { { NULL, 0 } } };
	while (!str_is_null(query)) {
		struct str pair = str_cut(&query, '&');

		if (pair.n == 0)
			continue;
		e = read_option(pair, taken, a, out, what);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Whether a value may contain the character unescaped: those that separate
 * neither options nor their names, and that no client decodes differently. */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("-._~'(),:/", c) != NULL);
}

static void
put_escaped(struct str value, struct buf *out)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		char digits[2];

		if (is_plain(value.p[i])) {
			buf_char(out, value.p[i]);
			continue;
		}
		str_hex_upper((const uint8_t *)value.p + i, 1, digits);
		buf_char(out, '%');
		buf_put(out, digits, sizeof(digits));
	}
}

void
odata_put_options(
    const struct odata_query *query, unsigned set, struct buf *out)
{
	const char *between = "$";
	unsigned i;

	for (i = 0; i < ODATA_OPTIONS; i++) {
		if ((set & ODATA_BIT(i)) == 0 || str_is_null(query->text[i]))
			continue;
		buf_text(out, between);
		buf_text(out, options[i]);
		buf_char(out, '=');
		put_escaped(query->text[i], out);
		between = "&$";
	}
}

enum err
odata_accept(struct str accept, enum odata_metadata *out)
{
	int best = 0;
	bool refused = true;

	*out = ODATA_MINIMAL;
	if (str_trim(accept).n == 0)
		return ERR_OK;
	while (!str_is_null(accept)) {
		struct str range = next_element(&accept, ',');
		struct str type = next_element(&range, ';');
		int precision = range_precision(type);
		enum odata_metadata level;
		bool zero = false;

		read_parameters(range, &level, &zero);
		/* The most precise range decides. Among equal ranges an
		 * acceptable one wins. */
		if (precision > best ||
		    (precision == best && refused && precision > 0)) {
			best = precision;
			refused = zero;
			*out = level;
		}
	}
	return refused ? ERR_NOT_ACCEPTABLE : ERR_OK;
}

unsigned
odata_prefer(struct str prefer)
{
	unsigned bits = 0;

	while (!str_is_null(prefer)) {
		struct str item = next_element(&prefer, ',');
		struct str value = next_element(&item, ';');
		struct str name = str_trim(str_cut(&value, '='));

		value = unquoted(value);
		if (str_iis(name, "pushcert.dry-run"))
			bits |= ODATA_PREFER_DRY_RUN;
		if (!str_iis(name, "return") || (bits & ODATA_PREFER_RETURN))
			continue;
		if (str_iis(value, "minimal"))
			bits |= ODATA_PREFER_MINIMAL;
		else if (str_iis(value, "representation"))
			bits |= ODATA_PREFER_REPRESENTATION;
	}
	return bits;
}

/* The text of an ETag without W/, the quotes, and the suffix that a web
 * server's compression appends. */
static struct str
tag_text(struct str tag)
{
	static const char *const codings[] = { "-gzip", "-br", "-deflate",
		"-zstd" };
	size_t i;

	if (str_starts(tag, "W/"))
		tag = str_tail(tag, 2);
	tag = unquoted(tag);
	for (i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
		if (str_ends(tag, codings[i]))
			return str_head(tag, tag.n - strlen(codings[i]));
	return tag;
}

bool
odata_match(struct str list, struct str etag)
{
	if (str_is_null(etag))
		return false;
	if (str_is(str_trim(list), "*"))
		return true;
	etag = tag_text(etag);
	while (!str_is_null(list))
		if (str_eq(tag_text(next_element(&list, ',')), etag))
			return true;
	return false;
}

bool
odata_single(struct str lines, struct str *value)
{
	struct str rest = lines;

	*value = next_element(&rest, ',');
	while (!str_is_null(rest))
		if (!str_ieq(next_element(&rest, ','), *value))
			return false;
	return true;
}

bool
odata_is_json(struct str content_type)
{
	return str_iis(
	    str_trim(str_cut(&content_type, ';')), "application/json");
}
