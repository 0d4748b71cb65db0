// SPDX-License-Identifier: Apache-2.0
// Makes a call as its layout wants it: on which thread, in which state, how often; and compares
// what the kernel left changed there.
#pragma once

#include "kernels/other_calls.h"
#include "kernels/softmark.h"
#include "kernels/wire.h"

namespace softmark {

/// Fills status, exceptions and the changes that every call is watched for.
void make_call(const wire::Call& call, const softmark_kernel& kernel, const softmark_args& args,
               OtherCalls& others, wire::Reply& reply);

}  // namespace softmark
