// SPDX-License-Identifier: Apache-2.0
// Children that behave well and badly: this same program in the roles below.
#include "support/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/channel.h"
#include "support/error.h"
#include "support/interrupts.h"
#include "support/role.h"
#include "support/strays.h"

namespace softmark {

int serve_and_count(Channel& parent);  // fork_server_test.cpp

namespace {

using Received = ChildProcess::Received;

constexpr std::size_t kLarge = std::size_t{32} << 20;  // far beyond what a socket holds

// ---- the children ----

int echo(Channel& parent) {
  for (std::string message; parent.receive(message);)
    if (!parent.send(message)) return kNotMeasurable;
  return kPass;
}

void write_raw(std::string_view bytes) {
  if (send(Channel::kDescriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) _exit(9);
}

FrameHeader read_header() {
  FrameHeader header;
  if (recv(Channel::kDescriptor, &header, sizeof header, MSG_WAITALL) != sizeof header) _exit(9);
  return header;
}

int write_wrong_number(Channel& parent) {
  std::string message;
  parent.receive(message);
  write_raw(frame_of(0, "a lie"));
  pause();
  return kPass;
}

int claim_huge_length(Channel&) {
  const FrameHeader header = {read_header().number, std::uint64_t{1} << 40};
  write_raw(message_of(header));
  pause();
  return kPass;
}

int reply_twice(Channel& parent) {
  std::string message;
  parent.receive(message);
  parent.send("one");
  parent.send("two");
  pause();
  return kPass;
}

int write_in_pieces(Channel&) {
  const std::string frame = frame_of(read_header().number, "piecemeal");
  for (const char& byte : frame) {
    write_raw({&byte, 1});
    usleep(1000);
  }
  return kPass;
}

int write_half(Channel&) {
  const std::string frame = frame_of(read_header().number, "cut off");
  write_raw(std::string_view(frame).substr(0, frame.size() - 1));
  return kPass;
}

/// Replies before it reads the request's rest.
int reply_early(Channel& parent) {
  const FrameHeader header = read_header();
  const std::string frame = frame_of(header.number, std::string(kLarge, 'r'));
  for (std::size_t done = 0; done < frame.size();) {
    const ssize_t n =
        send(Channel::kDescriptor, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return kNotMeasurable;
    done += static_cast<std::size_t>(n);
  }
  std::string rest(header.bytes, '\0');
  if (recv(Channel::kDescriptor, rest.data(), rest.size(), MSG_WAITALL) !=
      static_cast<ssize_t>(rest.size()))
    return kNotMeasurable;
  return echo(parent);
}

int stream_and_abort(Channel& parent) {
  std::string message;
  parent.receive(message);
  for (const char* reply : {"one", "", "three"}) parent.send(reply);
  signal(SIGABRT, SIG_DFL);
  raise(SIGABRT);
  return kPass;
}

int close_and_stay(Channel&) {
  close(Channel::kDescriptor);
  pause();
  return kPass;
}

int sleep_on(Channel&) {
  pause();
  return kPass;
}

int print(Channel&) {
  std::fputs("first line\n", stderr);
  for (int i = 0; i < 10000; ++i) std::fputs("and much more\n", stderr);
  throw std::runtime_error("unread");
}

/// A grandchild in a session of its own holds the channel open.
int leave_daemon(Channel&) {
  if (fork() == 0) {
    setsid();
    pause();
  }
  return 5;
}

int leave_one_in_group(Channel& parent) {
  std::string message;
  parent.receive(message);
  const pid_t pid = fork();
  if (pid == 0) pause();
  parent.send(message_of(pid));
  return kPass;
}

int count_descriptors(Channel& parent) {
  std::string message;
  parent.receive(message);
  int open = 0;
  for (int fd = 0; fd < 1024; ++fd) open += fcntl(fd, F_GETFD) >= 0;
  parent.send(message_of(open));
  return kPass;
}

int name_emulator(Channel& parent) {
  std::string message;
  parent.receive(message);
  const char* name = std::getenv("RUN_BY");
  parent.send(name ? name : "");
  return kPass;
}

int be_interrupted(Channel& parent) {
  std::string message;
  parent.receive(message);
  watch_interrupts();
  raise(SIGINT);
  const ChildResult result = run_child("test-sleep", "", 60, [](const std::string&) {});
  parent.send(result.ending + (interrupted() && result.interrupted() ? ", as seen" : ""));
  return kPass;
}

constexpr ChildRole kRoles[] = {
    {"test-echo", echo},
    {"test-wrong-number", write_wrong_number},
    {"test-huge-length", claim_huge_length},
    {"test-reply-twice", reply_twice},
    {"test-pieces", write_in_pieces},
    {"test-half", write_half},
    {"test-reply-early", reply_early},
    {"test-stream", stream_and_abort},
    {"test-close", close_and_stay},
    {"test-sleep", sleep_on},
    {"test-print", print},
    {"test-daemon", leave_daemon},
    {"test-group", leave_one_in_group},
    {"test-descriptors", count_descriptors},
    {"test-emulator", name_emulator},
    {"test-interrupt", be_interrupted},
    {"test-origin", serve_and_count},
};

// ---- the parent ----

ChildProcess start(const char* role) {
  ChildStart start;
  start.arguments = {role};
  return ChildProcess(start);
}

/// One request and its reply.
Received exchange(ChildProcess& child, std::string_view request, std::string& reply,
                  double seconds = 30, std::size_t most_bytes = Channel::kMostBytes) {
  const auto deadline = deadline_after(seconds);
  child.send(request, deadline);
  return child.receive(reply, most_bytes, deadline);
}

void ignore(const std::string&) {}

/// Whether a process still runs; one that has ended may wait for its parent.
bool runs(pid_t pid) {
  std::FILE* stat = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "r");
  char state = 'X';
  if (stat && std::fscanf(stat, "%*d (%*[^)]) %c", &state) != 1) state = 'X';
  if (stat) std::fclose(stat);
  return state != 'X' && state != 'Z';
}

TEST(Channel, CarriesMessagesOfEveryLengthInOrder) {
  ChildProcess child = start("test-echo");
  std::string reply;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{65536}, kLarge}) {
    const std::string request(bytes, 'q');
    ASSERT_EQ(exchange(child, request, reply), Received::message);
    EXPECT_EQ(reply, request);
    EXPECT_FALSE(child.has_unread());
  }
}

TEST(Channel, IsNotBlockedByTwoLongMessages) {
  ChildProcess child = start("test-reply-early");
  std::string reply;
  ASSERT_EQ(exchange(child, std::string(kLarge, 'q'), reply), Received::message);
  EXPECT_EQ(reply, std::string(kLarge, 'r'));
  ASSERT_EQ(exchange(child, "again", reply), Received::message);
  EXPECT_EQ(reply, "again");
}

TEST(Channel, JoinsWhatComesInPieces) {
  ChildProcess child = start("test-pieces");
  std::string reply;
  ASSERT_EQ(exchange(child, "", reply), Received::message);
  EXPECT_EQ(reply, "piecemeal");
  EXPECT_EQ(child.receive(reply, 9, deadline_after(30)), Received::ended);
}

TEST(Channel, TakesNothingForAReplyThatIsNone) {
  std::string reply;
  for (const char* role : {"test-wrong-number", "test-huge-length"}) {
    ChildProcess child = start(role);
    EXPECT_EQ(exchange(child, "", reply), Received::foreign) << role;
    EXPECT_EQ(child.receive(reply, 9, deadline_after(30)), Received::foreign) << role;
    EXPECT_FALSE(child.ended()) << role;
  }
  ChildProcess cut = start("test-half");
  EXPECT_EQ(exchange(cut, "", reply), Received::ended);
  ChildProcess echo = start("test-echo");
  EXPECT_EQ(exchange(echo, "too long", reply, 30, 7), Received::foreign);
}

TEST(Channel, TakesNoOldReplyForANewOne) {
  ChildProcess child = start("test-reply-twice");
  std::string reply;
  ASSERT_EQ(exchange(child, "first", reply), Received::message);
  EXPECT_EQ(exchange(child, "second", reply), Received::foreign);
  EXPECT_TRUE(child.has_unread());
}

TEST(ChildProcess, EndsWaitsAtTheDeadlineEvenWhenTheChannelIsClosed) {
  for (const char* role : {"test-sleep", "test-close"}) {
    ChildProcess child = start(role);
    std::string reply;
    EXPECT_EQ(exchange(child, "", reply, 0.3), Received::timed_out) << role;
    EXPECT_EQ(child.ending(), "running");
    // More than the channel holds, which no one reads.
    EXPECT_FALSE(child.send(std::string(kLarge, 'q'), deadline_after(0.3))) << role;
    child.kill();
    EXPECT_EQ(child.ending(), "killed by SIGKILL");
  }
}

TEST(ChildProcess, SeesTheEndWhileAGrandchildHoldsTheChannel) {
  adopt_strays();
  ChildProcess child = start("test-daemon");
  std::string reply;
  EXPECT_EQ(exchange(child, "", reply), Received::ended);
  EXPECT_EQ(child.exit_code(), 5);
  EXPECT_EQ(own_children().size(), 1u);
  kill_strays();
  EXPECT_TRUE(own_children().empty());
}

TEST(ChildProcess, SeesTheEndThatWasReportedToSomebodyElse) {
  ChildProcess child = start("test-close");
  ASSERT_EQ(own_children().size(), 1u);
  const pid_t pid = own_children().front();
  ::kill(pid, SIGKILL);
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  std::string reply;
  EXPECT_EQ(exchange(child, "", reply), Received::ended);
  EXPECT_EQ(child.ending(), "ended in an unknown way");
  EXPECT_EQ(child.exit_code(), -1);
  EXPECT_EQ(child.signal(), 0);
}

TEST(ChildProcess, KillsItsWholeGroup) {
  std::string reply;
  pid_t grandchild = -1;
  {
    ChildProcess child = start("test-group");
    ASSERT_EQ(exchange(child, "", reply), Received::message);
    ASSERT_TRUE(parse_message(reply, grandchild));
    ASSERT_TRUE(child.wait_end(deadline_after(30)));
    EXPECT_TRUE(runs(grandchild));
  }
  for (int i = 0; i < 1000 && runs(grandchild); ++i) usleep(10000);
  EXPECT_FALSE(runs(grandchild));
}

TEST(ChildProcess, InheritsNoDescriptorButItsOwn) {
  const int stray = open("/dev/null", O_RDONLY);  // not closed by exec
  ChildStart given;
  given.arguments = {"test-descriptors"};
  given.descriptors = {stray, 0};
  ChildProcess child(given);
  std::string reply;
  int descriptors = 0;
  ASSERT_EQ(exchange(child, "", reply), Received::message);
  ASSERT_TRUE(parse_message(reply, descriptors));
  EXPECT_EQ(descriptors, 6);  // the standard three, the channel, and the two given
  close(stray);
}

TEST(ChildProcess, ThatIsNotThereIsAnError) {
  ChildStart start;
  start.program = "/no/such/program";
  try {
    ChildProcess child(start);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/program"), std::string::npos);
  }
}

TEST(ChildProcess, RunsAnotherProgram) {
  ChildStart start;
  start.program = "sh";
  start.arguments = {"-c", "echo printed; exit 3"};
  ChildProcess child(start);
  ASSERT_TRUE(child.wait_end(deadline_after(30)));
  EXPECT_EQ(child.ending(), "exit code 3");
  EXPECT_EQ(child.output(), "printed\n");
}

TEST(RunChild, KeepsTheRepliesBeforeASuddenEnd) {
  std::vector<std::string> replies;
  const ChildResult result =
      run_child("test-stream", "", 30, [&](const std::string& r) { replies.push_back(r); });
  EXPECT_EQ(replies, (std::vector<std::string>{"one", "", "three"}));
  EXPECT_EQ(result.ending, "killed by SIGABRT");
  EXPECT_FALSE(result.ok());
}

TEST(RunChild, NamesTheEnd) {
  const ChildResult slow = run_child("test-sleep", "", 1, ignore);
  EXPECT_EQ(slow.ending, "timed out after 1 s");
  EXPECT_TRUE(slow.timed_out());
  const ChildResult foreign = run_child("test-wrong-number", "", 30, ignore);
  EXPECT_EQ(foreign.ending, "wrote to a descriptor that is not its own");
  EXPECT_FALSE(foreign.ok());
  const ChildResult unread = run_child("test-print", std::string(kLarge, 'q'), 30, ignore);
  EXPECT_EQ(unread.ending, "exit code 4");
  EXPECT_EQ(first_line(unread.output), "first line");
  EXPECT_EQ(unread.output.size(), 65536u);
}

TEST(RunChild, EndsAtAnInterrupt) {
  std::string reply;
  const ChildResult result =
      run_child("test-interrupt", "", 30, [&](const std::string& r) { reply = r; });
  EXPECT_TRUE(result.ok()) << result.ending;
  EXPECT_EQ(reply, "interrupted, as seen");
}

}  // namespace
}  // namespace softmark

int main(int argc, char** argv) {
  if (const auto code = softmark::run_role(argc, argv, softmark::kRoles)) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
