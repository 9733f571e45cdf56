/* SPDX-License-Identifier: ISC */
/*
 * hook.h - for tests that replace calls of the C library that take an offset.
 *
 * On a processor of 32 bits the C library has two forms of such a call. The
 * tests and the program are built for large files and use pwrite64 under the
 * name pwrite. A library such as LMDB may use the real pwrite, whose offset has
 * 32 bits.
 */
#ifndef PUSHCERT_HOOK_H
#define PUSHCERT_HOOK_H

#include <dlfcn.h>

/* Sets the pointer to the function of the C library; `name` is the form for
 * large files, which exists on all processors. */
#define HOOK_REAL(pointer, name) \
	(*(void **)(void *)&(pointer) = dlsym(RTLD_NEXT, name))

/* Lets the other form of a call lead to the replacement of the first form. */
#ifdef __LP64__
#define HOOK_SHORT(type, name, parameters, arguments) \
	_Static_assert(sizeof(long) == sizeof(off_t), #name)
#else
#define HOOK_SHORT(type, name, parameters, arguments) \
	type short_##name parameters __asm__(#name);  \
	type short_##name parameters                  \
	{                                             \
		return name arguments;                \
	}                                             \
	_Static_assert(sizeof(long) < sizeof(off_t), #name)
#endif

#endif
