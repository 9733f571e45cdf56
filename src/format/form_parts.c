/* SPDX-License-Identifier: ISC */
/*
 * form_parts.c - splits a multipart body at its delimiters. A delimiter is a
 * line that consists of two hyphens, the boundary, two more hyphens if it is
 * the last, and blanks. The line end before it belongs to the delimiter. A line
 * that only begins like one is content.
 */
#include "format/form_parts.h"

/* RFC 2046, section 5.1.1. */
#define BOUNDARY_MAX 70

static enum err
refuse(struct fault *fault, const char *phrase, struct str what)
{
	fault->ours = str_of(phrase);
	fault->what = what;
	return ERR_FORM;
}

static bool
is_boundary(struct str s)
{
	static const char others[] = "'()+_,-./:=? ";
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') &&
		    memchr(others, c, sizeof(others) - 1) == NULL)
			return false;
	}
	return s.n > 0 && s.n <= BOUNDARY_MAX && s.p[s.n - 1] != ' ';
}

/* Cuts a quoted string, which *s begins with, and the blanks after it. Browsers
 * write a quotation mark within it as %22; other clients put a backslash before
 * it. The value keeps both as they are. */
static bool
cut_quoted(struct str *s, struct str *value)
{
	size_t i;

	for (i = 1; i < s->n && s->p[i] != '"'; i++)
		if (str_starts(str_tail(*s, i), "\\\""))
			i++;
	if (i >= s->n)
		return false;
	*value = str_from(s->p + 1, i - 1);
	*s = str_trim(str_tail(*s, i + 1));
	return true;
}

/* Cuts one parameter and the semicolon after it. Returns false if it is not
 * well-formed. */
static bool
cut_parameter(struct str *s, struct str *name, struct str *value)
{
	struct str at = *s, rest = *s, item = str_cut(&rest, ';');

	*value = STR_EMPTY;
	*name = str_trim(str_cut(&item, '='));
	if (str_is_null(item)) {
		*s = rest;
		return name->n == 0;
	}
	(void)str_cut(&at, '=');
	at = str_trim(at);
	if (!str_starts(at, "\"")) {
		*value = str_trim(item);
		*s = rest;
		return name->n > 0;
	}
	if (!cut_quoted(&at, value) || (at.n > 0 && at.p[0] != ';'))
		return false;
	*s = at.n == 0 ? str_of(NULL) : str_tail(at, 1);
	return name->n > 0;
}

bool
form_parts_parameter(struct str parameters, const char *name, struct str *value)
{
	struct str key, found;

	*value = str_of(NULL);
	while (!str_is_null(parameters)) {
		if (!cut_parameter(&parameters, &key, &found))
			return false;
		if (!str_iis(key, name))
			continue;
		if (!str_is_null(*value))
			return false;
		*value = found;
	}
	return true;
}

bool
form_parts_begin(struct form_parts *p, struct str content_type, struct str body)
{
	struct str boundary;

	*p = (struct form_parts){ .rest = body.n > 0 ? body : STR_EMPTY };
	(void)str_cut(&content_type, ';');
	if (!form_parts_parameter(content_type, "boundary", &boundary) ||
	    !is_boundary(boundary))
		return false;
	p->boundary = boundary;
	return true;
}

/* The length of a delimiter at the start of s, from its hyphens to its line
 * end, or 0 if there is none. The last one may end with the body. */
static size_t
delimiter_length(struct str s, struct str boundary, bool *last)
{
	size_t n = 2 + boundary.n;

	if (!str_starts(s, "--") ||
	    !str_eq(str_head(str_tail(s, 2), boundary.n), boundary))
		return 0;
	*last = str_starts(str_tail(s, n), "--");
	if (*last)
		n += 2;
	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	if (str_starts(str_tail(s, n), "\r\n"))
		return n + 2;
	return *last && n == s.n ? n : 0;
}

/* Cuts what precedes the next delimiter, and the delimiter. Returns false if
 * there is none. The rest begins a line, so it may begin with a delimiter. */
static bool
cut_delimiter(struct form_parts *p, struct str *before)
{
	struct str rest = p->rest;
	const char *end;
	size_t n;

	p->begun = true;
	*before = STR_EMPTY;
	n = delimiter_length(rest, p->boundary, &p->last);
	if (n > 0) {
		p->rest = str_tail(rest, n);
		return true;
	}
	while ((end = memmem(rest.p, rest.n, "\r\n--", 4)) != NULL) {
		rest = str_tail(rest, (size_t)(end - rest.p) + 2);
		n = delimiter_length(rest, p->boundary, &p->last);
		if (n == 0)
			continue;
		*before = str_from(p->rest.p, (size_t)(end - p->rest.p));
		p->rest = str_tail(rest, n);
		return true;
	}
	return false;
}

/* A browser writes only the name of a file, but some clients write the path on
 * their machine. */
static struct str
without_folders(struct str path)
{
	size_t i;

	for (i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/' || path.p[i - 1] == '\\')
			break;
	return str_tail(path, i);
}

/* The file name in the form charset'language'name (RFC 8187), which RFC 7578
 * forbids but some clients send. */
static struct str
extended_name(struct str value)
{
	struct str rest = value;

	if (str_is_null(value))
		return value;
	(void)str_cut(&rest, '\'');
	(void)str_cut(&rest, '\'');
	return str_is_null(rest) ? value : rest;
}

static bool
read_disposition(struct str value, struct form_part *out)
{
	struct str kind = str_trim(str_cut(&value, ';')), extended;

	if (!str_iis(kind, "form-data") ||
	    !form_parts_parameter(value, "name", &out->name) ||
	    str_is_null(out->name) ||
	    !form_parts_parameter(value, "filename", &out->filename) ||
	    !form_parts_parameter(value, "filename*", &extended))
		return false;
	if (str_is_null(out->filename))
		out->filename = extended_name(extended);
	if (!str_is_null(out->filename))
		out->filename = without_folders(out->filename);
	return true;
}

/* RFC 7578, section 4.7, ends the use of Content-Transfer-Encoding; these three
 * values change nothing. */
static bool
is_unchanged(struct str encoding)
{
	return str_iis(encoding, "7bit") || str_iis(encoding, "8bit") ||
	    str_iis(encoding, "binary");
}

/* Reads one header of a part. Other headers than these three are ignored. */
static enum err
read_header(struct str line, struct form_part *out, struct fault *fault)
{
	struct str value = line, name = str_cut(&value, ':');

	if (str_is_null(value) || name.n == 0 || name.p[0] == ' ' ||
	    name.p[0] == '\t')
		return refuse(
		    fault, "a header of a part is not well-formed", line);
	value = str_trim(value);
	if (str_iis(name, "Content-Disposition")) {
		if (!str_is_null(out->name) || !read_disposition(value, out))
			return refuse(fault,
			    "a part has not exactly one valid "
			    "Content-Disposition with a name",
			    line);
	} else if (str_iis(name, "Content-Type")) {
		(void)str_cut(&value, ';');
		if (!form_parts_parameter(value, "charset", &out->charset))
			return refuse(
			    fault, "a part has an invalid Content-Type", line);
	} else if (str_iis(name, "Content-Transfer-Encoding") &&
	    !is_unchanged(value)) {
		return refuse(fault, "a part has a transfer encoding", value);
	}
	return ERR_OK;
}

static enum err
read_headers(struct str part, struct form_part *out, struct fault *fault)
{
	struct str whole = part;
	enum err e = ERR_OK;

	/* A part without content may end with its headers. */
	while (e == ERR_OK && (part.n > 0 || str_is_null(out->name))) {
		const char *end = memmem(part.p, part.n, "\r\n", 2);
		struct str line;

		if (end == NULL)
			return refuse(fault,
			    "a part has no empty line after its headers",
			    whole);
		line = str_from(part.p, (size_t)(end - part.p));
		part = str_tail(part, line.n + 2);
		if (line.n == 0)
			break;
		e = read_header(line, out, fault);
	}
	out->content = part;
	if (e == ERR_OK && str_is_null(out->name))
		return refuse(fault,
		    "a part has not exactly one valid Content-Disposition "
		    "with a name",
		    whole);
	return e;
}

enum err
form_parts_next(
    struct form_parts *p, struct form_part *out, struct fault *fault)
{
	struct str part;

	if (!p->begun && !cut_delimiter(p, &part))
		return refuse(fault,
		    "it has no line with the boundary of its content type",
		    p->boundary);
	if (p->last)
		return ERR_STOP;
	if (!cut_delimiter(p, &part))
		return refuse(fault,
		    "it ends before its last boundary, so the upload was cut "
		    "off; send it again",
		    p->boundary);
	*out = (struct form_part){ .content = part };
	return read_headers(part, out, fault);
}
