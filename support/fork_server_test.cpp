// SPDX-License-Identifier: Apache-2.0
#include "support/fork_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "support/child.h"
#include "support/strays.h"

namespace softmark {

/// The role "test-origin": loads for long, as it were, and each copy then counts its requests.
int serve_and_count(Channel& parent) {
  std::string request = "start";
  if (!parent.receive(request)) return 1;
  parent.send("loaded");
  std::fputs("printed before the copies\n", stdout);
  if (!serve_forks(parent)) return 0;
  for (int requests = 1; parent.receive(request); ++requests) {
    std::puts(request.c_str());
    std::fflush(stdout);
    if (request == "crash") raise(SIGABRT);
    if (request == "exit") _exit(7);
    if (request == "group") parent.send(getpgid(0) == getpid() ? "its own" : "another");
    if (request == "count") parent.send(std::to_string(requests));
    if (request == "descriptor") {
      char byte = 0;
      const int given = Channel::kDescriptor + 1;
      parent.send(read(given, &byte, 1) == 1 && fcntl(given + 1, F_GETFD) < 0
                      ? std::string(1, byte)
                      : "none, or one too many");
    }
  }
  return 0;
}

namespace {

using Received = ChildProcess::Received;

std::string reply_to(ChildProcess& child, const char* request) {
  std::string reply;
  const auto deadline = deadline_after(30);
  child.send(request, deadline);
  const Received received = child.receive(reply, 64, deadline);
  return received == Received::message ? reply : received == Received::ended ? "ended" : "none";
}

class ForkServer : public testing::Test {
 protected:
  void SetUp() override {
    adopt_strays();
    children_before_ = own_children().size();
    ASSERT_EQ(pipe(ends_), 0);
    ChildStart start;
    start.arguments = {"test-origin"};
    start.descriptors = {ends_[0]};
    origin_ = ChildProcess(start);
    ASSERT_EQ(reply_to(origin_, "load"), "loaded");
  }
  void TearDown() override {
    for (const int end : ends_) close(end);
  }
  ChildProcess copy() { return origin_.copy({ends_[0]}, deadline_after(30)); }

  std::size_t children_before_ = 0;
  int ends_[2] = {-1, -1};
  ChildProcess origin_;
};

TEST_F(ForkServer, MakesCopiesThatKnowNothingOfEachOther) {
  ChildProcess one = copy(), other = copy();
  ASSERT_TRUE(one.started() && other.started());
  EXPECT_EQ(reply_to(one, "count"), "1");
  EXPECT_EQ(reply_to(one, "count"), "2");
  EXPECT_EQ(reply_to(other, "count"), "1");
  EXPECT_EQ(one.output(), "count\ncount\n");
  EXPECT_EQ(other.output(), "count\n");
  EXPECT_EQ(origin_.output(), "printed before the copies\n");
}

TEST_F(ForkServer, GivesEachCopyItsDescriptorsAndAGroup) {
  ChildProcess child = copy();
  ASSERT_EQ(write(ends_[1], "b", 1), 1);
  EXPECT_EQ(reply_to(child, "descriptor"), "b");
  EXPECT_EQ(reply_to(child, "group"), "its own");
}

TEST_F(ForkServer, TellsHowACopyEnded) {
  ChildProcess child = copy();
  EXPECT_EQ(reply_to(child, "crash"), "ended");
  EXPECT_EQ(child.ending(), "killed by SIGABRT");
  child = copy();  // the origin goes on
  EXPECT_EQ(reply_to(child, "exit"), "ended");
  EXPECT_EQ(child.exit_code(), 7);
  child = copy();
  EXPECT_FALSE(child.ended());
  child.kill();
  EXPECT_EQ(child.ending(), "killed by SIGKILL");
  EXPECT_FALSE(origin_.ended());
}

TEST_F(ForkServer, MakesNoneAfterItsEnd) {
  ChildProcess child = copy();
  origin_.kill();
  EXPECT_FALSE(copy().started());
  EXPECT_EQ(reply_to(child, "count"), "1");  // the copies go on
}

TEST_F(ForkServer, LeavesNothingBehind) {
  {
    ChildProcess child = copy();
    EXPECT_EQ(reply_to(child, "count"), "1");
  }
  origin_ = ChildProcess();
  EXPECT_EQ(own_children().size(), children_before_);
}

}  // namespace
}  // namespace softmark
