/* SPDX-License-Identifier: ISC */
/*
 * sched.h - how soon a woken thread gets a CPU.
 *
 * Linux usually lets a woken thread preempt the thread that woke it. A worker
 * would preempt the web server between its connect and its write, find nothing
 * to read and sleep again: two needless context switches for each request. A
 * thread with the policy SCHED_BATCH (sched(7)) does not preempt; its share of
 * the CPU stays the same.
 *
 * The gain in requests per second, with nginx and the load on the same two
 * CPUs, in percent (medians of 7 interleaved rounds with and without
 * SCHED_BATCH); the CPU time of a request falls by 15 to 27 %:
 *
 *   connections      GET, 8 clients     64    PATCH, 8 clients     64
 *   closed                      +16    +10                 +33    +25
 *   kept alive                   +9    +18                 +10    +42
 */
#ifndef PUSHCERT_SCHED_H
#define PUSHCERT_SCHED_H

#include <stdbool.h>

/* Gives the calling thread SCHED_BATCH. Has no effect if the thread has another
 * policy than SCHED_OTHER, which an operator has chosen, or if the kernel
 * refuses. */
void sched_yield_to_waker(void);

/*
 * While a thread leads a group commit, it wakes after each wait for the disk,
 * and every follower waits for it. With SCHED_BATCH beside a program that never
 * pauses, each of these wakings would wait for that program's whole time slice
 * (some milliseconds). So the leader returns to SCHED_OTHER while it leads. One
 * client beside two such programs on two CPUs makes 526 changes per second; it
 * makes 39 with SCHED_BATCH throughout. Has no effect on a thread without
 * SCHED_BATCH from sched_yield_to_waker.
 */
void sched_lead(bool leads);

#endif
