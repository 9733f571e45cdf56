/* SPDX-License-Identifier: ISC */
/*
 * fuzz_apns.c - any answer and any trace get a verdict. Only an answer of Apple
 * over HTTP/2 is good, what is printed of an answer is printable, and no memory
 * of the arena stays taken.
 */
#include "fuzz.h"

#include <string.h>

#include "format/apns.h"

static void
check_printable(const char *text, size_t size)
{
	size_t n = strlen(text), i;

	fuzz_check(n < size);
	for (i = 0; i < n; i++)
		fuzz_check(text[i] >= ' ' && text[i] <= '~');
}

/* The first bytes are curl's exit status, the version of HTTP and the status;
 * a NUL stands between the body and the trace. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char block[APNS_ARENA];
	static const char *const versions[] = { "2", "1.1", "0", "3" };
	struct apns_answer answer = { .exit_status = 0 };
	struct apns_verdict v;
	struct arena a;

	if (size < 4)
		return 0;
	answer.exit_status = data[0] % 100;
	answer.http_version = str_of(versions[data[1] % 4]);
	answer.real_device = data[1] >= 128;
	answer.status = (unsigned)(data[2] << 8 | data[3]) % 1000;
	answer.trace = str_from((const char *)data + 4, size - 4);
	answer.body = str_cut(&answer.trace, '\0');
	if (str_is_null(answer.trace))
		answer.trace = STR_EMPTY;
	arena_init(&a, block, sizeof(block));
	apns_judge(&answer, &a, &v);
	fuzz_check(a.used == 0 && v.text != NULL);
	check_printable(v.words, sizeof(v.words));
	check_printable(v.reason, sizeof(v.reason));
	fuzz_check((v.alert == 0) == (v.alert_name == NULL));
	fuzz_check(v.alert == 0 || v.grade == APNS_CRITICAL);
	if (v.grade == APNS_OK)
		fuzz_check(str_is(answer.http_version, "2") &&
		    (answer.status == 200 || answer.status == 400 ||
			answer.status == 410));
	return 0;
}
