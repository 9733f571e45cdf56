/* SPDX-License-Identifier: ISC */
/*
 * page_files.h - the files that the pages load: style, script and icon. They
 * are in the program. Their names have the sum of their content, so a browser
 * may keep them for a year.
 */
#ifndef PUSHCERT_PAGE_FILES_H
#define PUSHCERT_PAGE_FILES_H

#include "base/attr.h"
#include "base/err.h"
#include "http/call.h"

enum page_file { PAGE_CSS, PAGE_JS, PAGE_ICON, PAGE_FILES };

/* The name of the file in the folder of the pages; a constant. */
const char *page_file_name(enum page_file file);

/* The handler of the routes whose segment is the name of a file. */
enum err page_file(struct call *c) ATTR_CHECKED;

#endif
