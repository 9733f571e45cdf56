/* SPDX-License-Identifier: ISC */
/*
 * sched.h - how soon a thread gets a processor when it is woken.
 *
 * Linux lets a thread that wakes mostly take the processor from the one that
 * woke it. For a worker that is the web server, just between its connect and
 * its write: the worker finds nothing to read, and both are switched twice for
 * one request. A thread with the policy SCHED_BATCH (sched(7)) waits until a
 * processor is free, or for its share of one, which is as large as before.
 */
#ifndef PUSHCERT_SCHED_H
#define PUSHCERT_SCHED_H

#include <stdbool.h>

/* From now on the calling thread takes the processor from nobody who wakes it.
 * Without effect where it has another policy than SCHED_OTHER, which somebody
 * wanted, or where the kernel refuses. */
void sched_yield_to_waker(void);

/* Of a thread that yields: while it is urgent it does not; of any other thread
 * nothing. For who wakes often, as at each wait for the disk, while others wait
 * for him: beside a program that computes without pause each time would cost
 * that one's whole turn, some milliseconds. */
void sched_lead(bool urgent);

#endif
