/* SPDX-License-Identifier: ISC */
/*
 * vendor_command.h - has a request signed by the program that vendor_command
 * names, for a vendor that is a service.
 */
#ifndef PUSHCERT_VENDOR_COMMAND_H
#define PUSHCERT_VENDOR_COMMAND_H

#include "rules/csr.h"

/* A csr_sign; arg is the struct cmd_call. The program gets the request on
 * standard input and writes Apple's request to standard output. Returns
 * ERR_STOP after the reason of a failure was printed. */
enum err vendor_command_sign(
    void *arg, struct str csr, struct arena *a, struct str *text) ATTR_CHECKED;

#endif
