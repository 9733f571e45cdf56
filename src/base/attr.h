/* SPDX-License-Identifier: ISC */
/*
 * attr.h - the compiler attributes that this project uses, and nothing else.
 */
#ifndef PUSHCERT_ATTR_H
#define PUSHCERT_ATTR_H

#ifdef __GNUC__
#define ATTR_CHECKED __attribute__((warn_unused_result))
#define ATTR_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define ATTR_CHECKED
#define ATTR_PRINTF(text, first)
#endif

#endif
