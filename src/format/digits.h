/* SPDX-License-Identifier: ISC */
/*
 * digits.h - bytes written as digits: base64, hexadecimal, lists of numbers.
 *
 * The readers are lenient: they skip every byte that is not a digit, and so
 * also read digits that were not meant. That is harmless, because only a key or
 * a certificate in the result counts. It makes line ends, quotes, zero-width
 * characters and text around the digits irrelevant.
 *
 * Pure. A reading is never longer than its text.
 */
#ifndef PUSHCERT_DIGITS_H
#define PUSHCERT_DIGITS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Ways 0 to 3 read all digits as one stream and skip that many of them. Way 4
 * reads word by word, so that a word cannot shift the next. `url` adds the
 * digits of base64url. */
#define DIGITS_BASE64_WAYS 5
void digits_base64(struct str text, unsigned way, bool url, struct buf *out);

/* Ways 0 and 1 read all digits as one stream and start pairs at either digit.
 * Ways 2 and 3 do so too, but leave out prefixes such as 0x and the columns of
 * a dump that are not its bytes. Way 4 reads word by word. */
#define DIGITS_HEX_PLAIN 2
#define DIGITS_HEX_WAYS 5
void digits_hex(struct str text, unsigned way, struct buf *out);
/* Whether at least half of the lines are those of a dump. Its column of
 * characters may contain anything, also escapes. */
bool digits_are_dump(struct str text);

/*
 * Reads numbers from -128 to 255, the form in which JSON and debuggers write
 * bytes. A number before a colon is the name of the next number:
 * {"0":48,"1":130}. Hexadecimal digits do not count.
 */
void digits_numbers(struct str text, struct buf *out);

#endif
