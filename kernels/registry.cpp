// SPDX-License-Identifier: Apache-2.0
#include "kernels/registry.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <set>

#include "kernels/builtins.h"
#include "kernels/fingerprint.h"
#include "kernels/names.h"
#include "kernels/peers/peers.h"
#include "kernels/plugin_argument.h"
#include "support/error.h"
#include "support/progress.h"
#include "support/quote.h"
#include "support/role.h"
#include "support/sanitizers.h"

namespace softmark {
namespace {

namespace fs = std::filesystem;

using PluginFn = const softmark_kernel* (*)(std::uint32_t, std::size_t*);

struct Library {
  void* handle = nullptr;
  std::span<const softmark_kernel> kernels;

  /// An optional export of a peer (kernels/peers/peers.h); NULL where it has none.
  template <class F>
  F* find(const char* symbol) const {
    return reinterpret_cast<F*>(dlsym(handle, symbol));
  }
};

// In a child: what resolve_kernel opened. Asked again, a plugin may make its entries anew.
Library opened;

std::string path_of(const std::string& library) {
  return library.starts_with(kPython) ? program_folder() + "peers/softmark_python.so" : library;
}

// In the child: the library stays loaded until the process ends. "python:MODULE:FUNCTION" loads the
// Python bridge and selects the function.
Library open_library(const std::string& named) {
  const bool python = named.starts_with(kPython);
  const std::string path = path_of(named);
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw Error(kUnreadable, path + ": cannot be loaded: " + dlerror());
  const auto plugin = reinterpret_cast<PluginFn>(dlsym(handle, "softmark_plugin"));
  if (!plugin)
    throw Error(
        kUnreadable,
        path + ": is not a plugin: it does not export softmark_plugin (see kernels/softmark.h)");
  Library library{handle, {}};
  if (python)
    if (const char* fault = library.find<const char*(const char*)>("softmark_peer_open")(
            named.c_str() + kPython.size()))
      throw Error(kUnreadable, "--python: " + std::string(fault));
  std::size_t count = 0;
  const softmark_kernel* kernels = plugin(SOFTMARK_ABI_VERSION, &count);
  if (!kernels)
    throw Error(kUnreadable, path + ": does not support ABI version " +
                                 std::to_string(SOFTMARK_ABI_VERSION) +
                                 ": rebuild it against this softmark's kernels/softmark.h");
  library.kernels = {kernels, count};
  return library;
}

constexpr std::size_t kLongestName = 100;

bool is_word(const char* text) {
  if (!text || !*text) return false;
  return std::all_of(text, text + std::strlen(text), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == '+';
  });
}

/// What a plugin set it to, which may be no value of the enumeration: reading it as such would be
/// undefined.
template <class Enum>
std::uint32_t number_of(const Enum& value) {
  std::uint32_t number = 0;
  static_assert(sizeof number == sizeof value);
  std::memcpy(&number, &value, sizeof number);
  return number;
}

// An entry that violates the contract is refused before it is used.
std::string fault_of(const softmark_kernel& k) {
  if (!is_word(k.name) || std::strlen(k.name) > kLongestName)
    return "its name must be one word of at most 100 letters, digits and _ - . +";
  if (number_of(k.op) >= std::size(kOpNames)) return "its op is not in the contract";
  if (number_of(k.dtype) >= std::size(kDtypeNames)) return "its dtype is not in the contract";
  if (number_of(k.masked_row) >= std::size(kMaskedRowNames))
    return "its masked_row is not in the contract";
  if (k.claims >> std::size(kClaimNames)) return "its claims are not in the contract";
  if (!(k.max_ulp >= 0)) return "its max_ulp must be 0 or more (INFINITY: no promise)";
  if (!k.run) return "its run is NULL";
  return "";
}

std::string id_of(std::string_view kernel_name, softmark_op op, softmark_dtype dtype) {
  return std::string(kernel_name) + "/" + std::string(name(op)) + "/" + std::string(name(dtype));
}

Kernel describe(const softmark_kernel& k, std::size_t index) {
  Kernel kernel;
  kernel.id = id_of(k.name, k.op, k.dtype);
  kernel.name = k.name;
  kernel.summary = k.summary ? k.summary : "";
  kernel.op = k.op;
  kernel.dtype = k.dtype;
  kernel.claims = k.claims;
  kernel.masked_row = k.masked_row;
  kernel.max_ulp = k.max_ulp;
  kernel.index = index;
  return kernel;
}

struct Listing {
  std::vector<Kernel> kernels;
  std::string environment;  // "NAME=VALUE" for the processes that run them, or ""
  std::string absent;       // why a peer is absent; empty where it is not
};

/// What processes need not look for again. Not while threads start processes.
void use_environment_of(const Listing& listing) {
  if (const std::size_t equals = listing.environment.find('='); equals != std::string::npos)
    setenv(listing.environment.substr(0, equals).c_str(), listing.environment.c_str() + equals + 1,
           1);
}

// In the parent: what a library contains, as listed by a child that loads it.
Listing list_library(const std::string& path, const std::string& provider,
                     double loading_seconds = kLoadingSeconds) {
  std::error_code ignored;
  if (!path.starts_with(kPython) && !fs::is_regular_file(path, ignored))
    throw Error(kUnreadable, path + ": is not a regular file; give the path of a .so");
  Json listing;
  std::optional<SlowNotice> notice;
  if (provider == "plugin")
    notice.emplace(fmt::format("still loading {}; it may take {:g} s", path, loading_seconds));
  const ChildResult child =
      run_child("child-list", path, loading_seconds,
                [&](const std::string& reply) { listing = Json::parse(reply); });
  if (child.timed_out())
    throw Error(kUnreadable,
                fmt::format("{}: was not loaded within {:g} s", path, loading_seconds));
  if (listing.contains("error")) throw Error(kUnreadable, listing["error"].get<std::string>());
  if (!child.ok() || listing.is_null()) {
    const std::string printed = first_line(child.output);
    throw Error(kUnreadable, path + ": failed while being loaded (" + child.ending + ")" +
                                 (printed.empty() ? "" : ": " + printed));
  }
  if (provider == "plugin" && listing["kernels"].empty())
    throw Error(kUnreadable, path + ": holds no kernel; softmark_plugin gave a count of 0");
  Listing listed;
  listed.environment = listing["environment"];
  const std::string fingerprint = fingerprint_of(path);
  for (const Json& entry : listing["kernels"]) {
    Kernel& k = listed.kernels.emplace_back(kernel_from_json(entry));
    k.provider = provider;
    k.library = path;
    k.index = listed.kernels.size() - 1;
    k.version = listing["version"];
    if (k.isa.empty()) k.isa = listing["isa"];
    k.fingerprint = fingerprint;
  }
  return listed;
}

Listing list_peer(const PeerBuild& peer) {
  if (!peer.reason.empty()) return {{}, "", std::string(peer.reason)};
  const fs::path path = fs::path(program_folder()) / "peers" / peer.library;
  try {
    if (!fs::exists(path)) throw Error(kUnreadable, "its adapter " + path.string() + " is missing");
    Listing listing = list_library(path.string(), "peer");
    for (const Kernel& kernel : listing.kernels)
      if (!peer.any_name && !kernel.name.starts_with(peer.name))
        throw Error(kUnreadable, "its kernel " + kernel.name + " is not named after it");
    return listing;
  } catch (const Error& error) {
    return {{}, "", error.what()};
  }
}

/// Whether a kernel whose name begins with the peer's may match the glob.
bool may_mean(std::string_view glob, const PeerBuild& peer) {
  const std::string_view begin = glob.substr(0, glob.find_first_of("*?[\\"));
  const std::size_t n = std::min(begin.size(), peer.name.size());
  return peer.any_name || begin.substr(0, n) == peer.name.substr(0, n);
}

// In parallel, because some of these child processes load a large library or start Python.
void append_peers(Registry& registry, const std::vector<const PeerBuild*>& peers) {
  std::vector<std::future<Listing>> listings;
  for (const PeerBuild* peer : peers)
    listings.push_back(std::async(std::launch::async, list_peer, std::cref(*peer)));
  for (const auto& listing : listings) listing.wait();
  for (std::size_t i = 0; i < listings.size(); ++i) {
    const Listing peer = listings[i].get();
    use_environment_of(peer);
    registry.kernels.insert(registry.kernels.end(), peer.kernels.begin(), peer.kernels.end());
    if (!peer.absent.empty()) registry.absent.push_back({std::string(peers[i]->name), peer.absent});
  }
}

struct ListedPlugin {
  PluginArgument argument;
  std::vector<Kernel> kernels;
};

ListedPlugin list_plugin(const std::string& argument, double loading_seconds) {
  std::error_code ignored;
  PluginArgument plugin = parse_plugin(argument);
  if (!plugin.library.starts_with(kPython)) {
    if (!fs::exists(plugin.library, ignored))
      throw Error(kUnreadable, plugin.library + ": no such plugin library; give the path of a .so");
    plugin.library = fs::absolute(plugin.library).string();
  }
  Listing listing = list_library(plugin.library, "plugin", loading_seconds);
  if (listing.kernels.empty()) throw Error(kUnreadable, plugin.library + ": lists no kernel");
  use_environment_of(listing);
  return {std::move(plugin), std::move(listing.kernels)};
}

}  // namespace

Registry load_registry(const std::vector<std::string>& plugins,
                       const std::vector<std::string>& globs, double loading_seconds) {
  Registry registry;
  for (const softmark_kernel* entry : builtin_kernels()) {
    Kernel& k = registry.kernels.emplace_back(describe(*entry, registry.kernels.size()));
    k.provider = "builtin";
    k.isa = builtin_isa(*entry);
  }
  std::vector<ListedPlugin> listed;
  std::vector<std::string> names = globs;  // whose owner must be known, also to tell two apart
  for (const auto& plugin : plugins) {
    listed.push_back(list_plugin(plugin, loading_seconds));
    for (const Kernel& kernel : listed.back().kernels) names.push_back(kernel.name);
  }
  std::vector<const PeerBuild*> wanted, others;
  for (const PeerBuild& peer : known_peers()) {
    const bool may = std::any_of(names.begin(), names.end(),
                                 [&](const std::string& name) { return may_mean(name, peer); });
    (may ? wanted : others).push_back(&peer);
  }
  append_peers(registry, wanted);
  for (ListedPlugin& plugin : listed)
    append_plugin_kernels(registry, plugin.argument, std::move(plugin.kernels));
  // A glob that means nothing: whatever has a similar name is offered.
  if (!std::all_of(globs.begin(), globs.end(),
                   [&](const std::string& glob) { return matches_any(glob, registry.kernels); }))
    append_peers(registry, others);
  return registry;
}

Registry load_plugins(const std::vector<std::string>& plugins, double loading_seconds) {
  Registry registry;
  for (const auto& plugin : plugins) {
    ListedPlugin listed = list_plugin(plugin, loading_seconds);
    append_plugin_kernels(registry, listed.argument, std::move(listed.kernels));
  }
  return registry;
}

const softmark_kernel& resolve_kernel(const std::string& library, std::size_t index) {
  if (library.empty()) return *builtin_kernels()[index];
  opened = open_library(library);
  if (index >= opened.kernels.size())
    throw Error(kUnreadable, library + ": has changed since it was listed: run softmark again");
  if (const auto prepare = opened.find<const char*(std::size_t)>("softmark_peer_prepare"))
    if (const char* fault = prepare(index)) throw Error(kUnreadable, fault);
  return opened.kernels[index];
}

std::vector<const softmark_kernel*> namesakes(const std::string& library, std::size_t index) {
  std::vector<const softmark_kernel*> all;
  if (library.empty()) {
    all.assign(builtin_kernels().begin(), builtin_kernels().end());
  } else {
    if (opened.find<const char*(std::size_t)>("softmark_peer_prepare")) return {};
    for (const softmark_kernel& kernel : opened.kernels) all.push_back(&kernel);
  }
  const softmark_kernel& one = *all[index];
  std::erase_if(all, [&](const softmark_kernel* other) {
    return other == &one || std::strcmp(other->name, one.name) != 0;
  });
  return all;
}

InsideClock inside_clock(const std::string& library) {
  if (library.empty()) return nullptr;
  void* handle = dlopen(path_of(library).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  return handle ? reinterpret_cast<InsideClock>(dlsym(handle, "softmark_peer_inside")) : nullptr;
}

Json kernel_to_json(const Kernel& k) {
  Json claims = Json::array();
  for (std::size_t bit = 0; bit < std::size(kClaimNames); ++bit)
    if (k.claims >> bit & 1) claims.push_back(kClaimNames[bit]);
  Json json = {{"id", k.id},
               {"name", k.name},
               {"op", name(k.op)},
               {"dtype", name(k.dtype)},
               {"provider", k.provider},
               {"version", k.version},
               {"summary", k.summary},
               {"claims", claims},
               {"masked_row", name(k.masked_row)},
               {"max_ulp", number(k.max_ulp)},
               {"isa", k.isa}};
  if (!k.fingerprint.empty()) json["fingerprint"] = k.fingerprint;
  return json;
}

Kernel kernel_from_json(const Json& json) {
  Kernel k;
  k.id = json.at("id");
  k.name = json.at("name");
  k.op = *find_op(json.at("op").get<std::string>());
  k.dtype = *find_dtype(json.at("dtype").get<std::string>());
  k.provider = json.at("provider");
  k.version = json.at("version");
  k.summary = json.at("summary");
  for (std::size_t bit = 0; bit < std::size(kClaimNames); ++bit)
    if (std::find(json.at("claims").begin(), json.at("claims").end(), kClaimNames[bit]) !=
        json.at("claims").end())
      k.claims |= 1u << bit;
  k.masked_row =
      *find_name<softmark_masked_row>(kMaskedRowNames, json.at("masked_row").get<std::string>());
  k.max_ulp = parse_value(json.at("max_ulp"), "max_ulp");
  k.isa = json.at("isa");
  return k;
}

namespace {

// What a library holds, as the parent asks for it.
Json listing_of(const std::string& path) {
  const Library library = open_library(path);
  const auto ask = [&library](const char* symbol) {
    const auto function = library.find<const char*()>(symbol);
    const char* text = function ? function() : nullptr;
    return std::string(text ? text : "");
  };
  if (const std::string why = ask("softmark_peer_absent"); !why.empty())
    throw Error(kUnreadable, why);
  Json listing = {{"version", ask("softmark_peer_version")},
                  {"isa", ask("softmark_peer_isa")},
                  {"environment", ask("softmark_peer_environment")},
                  {"kernels", Json::array()}};
  const auto isa_of = library.find<const char*(std::size_t)>("softmark_peer_isa_of");
  std::set<std::string> ids;
  for (std::size_t i = 0; i < library.kernels.size(); ++i) {
    const softmark_kernel& entry = library.kernels[i];
    if (const std::string fault = fault_of(entry); !fault.empty())
      throw Error(kUnreadable,
                  path + ": kernel " + std::to_string(i) + " cannot be used: " + fault);
    Kernel k = describe(entry, i);
    if (isa_of)
      if (const char* isa = isa_of(i)) k.isa = isa;
    if (!ids.insert(k.id).second)
      throw Error(kUnreadable, path + ": two kernels share the id " + k.id);
    listing["kernels"].push_back(kernel_to_json(k));
  }
  return listing;
}

}  // namespace

int list_library_main(Channel& parent) {
  std::string path;
  if (!parent.receive(path)) return kNotMeasurable;
  Json listing;
  int status = kPass;
  try {
    listing = listing_of(path);
  } catch (const Error& error) {
    listing = {{"error", error.what()}};
    status = error.code;
  }
  const bool sent = parent.send(listing.dump(-1, ' ', true, Json::error_handler_t::replace));
  return sent ? status : kNotMeasurable;
}

}  // namespace softmark
