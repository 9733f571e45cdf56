/* SPDX-License-Identifier: ISC */
/*
 * doctor_report.c - prints the findings of doctor, as text or as JSON.
 */
#include "tool/doctor_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tool/cmd_json.h"
#include "tool/cmd_output.h"

static void
print_json(
    const struct doctor *d, const char *text, const char *cure, bool is_note)
{
	struct cmd_json json;
	struct emit *e;

	e = cmd_json_begin(&json);
	emit_name(e, "check");
	emit_text(e, d->check);
	emit_name(e, "what");
	emit_text(e, text);
	emit_name(e, "cure");
	emit_text(e, cure);
	if (is_note) {
		emit_name(e, "note");
		emit_bool(e, true);
	}
	cmd_json_end(&json);
}

ATTR_PRINTF(4, 0)
static void
report(const struct doctor *d, bool is_note, const char *cure, const char *what,
    va_list ap)
{
	char text[CONFIG_TEXT_MAX + PATH_MAX];

	(void)vsnprintf(text, sizeof(text), what, ap);
	/*
	 * The text of an outcome ends with a full stop, which is printed below.
	 */
	if (str_ends(str_of(text), "."))
		text[strlen(text) - 1] = '\0';
	if ((d->call->given & CMD_BIT(OPTION_JSON)) != 0) {
		print_json(d, text, cure, is_note);
		return;
	}
	printf("%s: %s", d->check, is_note ? "note: " : "");
	cmd_print_word(str_of(text));
	printf(". %s\n", cure);
}

void
doctor_finding(struct doctor *d, const char *cure, const char *what, ...)
{
	va_list ap;

	d->findings++;
	va_start(ap, what);
	report(d, false, cure, what, ap);
	va_end(ap);
}

void
doctor_note(struct doctor *d, const char *cure, const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	report(d, true, cure, what, ap);
	va_end(ap);
}
