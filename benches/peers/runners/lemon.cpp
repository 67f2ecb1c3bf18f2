// Solves instances with LEMON and prints a line of JSON for each.
//
//     g++ -std=c++17 -O3 -march=native lemon.cpp -o lemon
//     lemon simplex|scaling FILE...
//
// The format of the files is described in ../src/file.rs, that of the lines in ../src/measure.rs. Times are CPU seconds
// of this process; the algorithm's run() counts as solving, what leads to it as building.

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/static_graph.h>

namespace {

constexpr double kSecondsMeasured = 1.0;
constexpr std::size_t kRunsMax = 9;

struct FormatError : std::runtime_error {
  FormatError(const std::string& path, const std::string& fault) : std::runtime_error(path + ": " + fault) {}
};

struct SolverError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Instance {
  std::vector<std::uint32_t> capacities;
  std::vector<std::int64_t> prices;
  std::vector<std::uint32_t> starts;
  std::vector<std::uint32_t> sites;
  std::vector<std::int32_t> costs;
};

// The machine is taken to be little endian, as the files are.
template <typename T>
std::vector<T> Array(std::ifstream& file, const std::string& path, std::size_t count) {
  std::vector<T> values(count);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)));
  if (!file) throw FormatError(path, "ends too early");
  return values;
}

Instance Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw FormatError(path, "cannot be opened");
  const auto magic = Array<char>(file, path, 8);
  if (std::string(magic.begin(), magic.end()) != "BALANCE1") throw FormatError(path, "does not begin with BALANCE1");
  const auto header = Array<std::uint32_t>(file, path, 5);
  const std::size_t orders = header[0], sites = header[1], candidates = header[2];
  Instance instance;
  instance.capacities = Array<std::uint32_t>(file, path, sites);
  instance.prices = Array<std::int64_t>(file, path, orders);
  instance.starts = Array<std::uint32_t>(file, path, orders + 1);
  instance.sites = Array<std::uint32_t>(file, path, candidates);
  instance.costs = Array<std::int32_t>(file, path, candidates);
  if (instance.starts.front() != 0 || instance.starts.back() != candidates ||
      !std::is_sorted(instance.starts.begin(), instance.starts.end())) {
    throw FormatError(path, "a row is out of range");
  }
  for (const auto site : instance.sites) {
    if (site >= sites) throw FormatError(path, "a site is out of range");
  }
  return instance;
}

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Run {
  double build = 0;
  double solve = 0;
  std::int64_t objective = 0;
  std::int64_t unassigned = 0;
};

using Graph = lemon::StaticDigraph;
// Costs of 32 bits make the network simplex up to a sixth faster, where they are proven to be enough.
using Simplex32 = lemon::NetworkSimplex<Graph, int, std::int32_t>;
using Simplex64 = lemon::NetworkSimplex<Graph, int, std::int64_t>;
using Scaling = lemon::CostScaling<Graph, int, std::int64_t>;

// A path visits every site and the sink once at most: two costs at a site, two prices at the sink. Potentials are such
// sums, plus 2^30 where LEMON's artificial arcs are still in the tree; differences of two have to stay below 2^31.
bool Fits32(const Instance& instance) {
  std::int64_t cost = 0, price = 0;
  for (const auto value : instance.costs) cost = std::max(cost, std::abs(std::int64_t{value}));
  for (const auto value : instance.prices) price = std::max(price, std::abs(value));
  const auto sites = static_cast<std::int64_t>(instance.capacities.size());
  constexpr std::int64_t kMax = std::int64_t{1} << 28;
  return price < kMax / 4 && cost < kMax / 4 / std::max<std::int64_t>(sites, 1);
}

// Orders, sites, sink. Arcs in the order of their tails, as a static graph wants them: an order's candidates, then its
// arc to the sink, which leaves it unassigned; last the sites' arcs.
template <typename Algorithm>
Run Solve(const Instance& instance) {
  Run run;
  const double begin = CpuSeconds();
  const int orders = static_cast<int>(instance.prices.size());
  const int sites = static_cast<int>(instance.capacities.size());
  const int sink = orders + sites;
  const std::size_t count = instance.sites.size() + static_cast<std::size_t>(orders + sites);
  std::vector<std::pair<int, int>> arcs;
  arcs.reserve(count);
  for (int order = 0; order < orders; ++order) {
    for (auto at = instance.starts[order]; at < instance.starts[order + 1]; ++at) {
      arcs.emplace_back(order, orders + static_cast<int>(instance.sites[at]));
    }
    arcs.emplace_back(order, sink);
  }
  for (int site = 0; site < sites; ++site) arcs.emplace_back(orders + site, sink);

  Graph graph;
  graph.build(sink + 1, arcs.begin(), arcs.end());
  using Cost = typename Algorithm::Cost;
  typename Graph::ArcMap<Cost> costs(graph, 0);
  Graph::ArcMap<int> room(graph, 1);
  Graph::NodeMap<int> supplies(graph, 0);
  int arc = 0;
  for (int order = 0; order < orders; ++order) {
    supplies[graph.node(order)] = 1;
    for (auto at = instance.starts[order]; at < instance.starts[order + 1]; ++at) {
      costs[graph.arc(arc++)] = instance.costs[at];
    }
    costs[graph.arc(arc++)] = static_cast<Cost>(instance.prices[order]);
  }
  for (const auto capacity : instance.capacities) room[graph.arc(arc++)] = static_cast<int>(capacity);
  supplies[graph.node(sink)] = -orders;

  Algorithm algorithm(graph);
  algorithm.upperMap(room).costMap(costs).supplyMap(supplies);
  const double ready = CpuSeconds();
  const auto status = algorithm.run();
  run.solve = CpuSeconds() - ready;
  run.build = ready - begin;
  if (status != Algorithm::OPTIMAL) throw SolverError("LEMON found no optimum");

  run.objective = algorithm.template totalCost<std::int64_t>();
  for (int order = 0; order < orders; ++order) {
    const auto leaving = static_cast<int>(instance.starts[order + 1]) + order;
    run.unassigned += algorithm.flow(graph.arc(leaving));
  }
  return run;
}

Run Simplex(const Instance& instance) {
  return Fits32(instance) ? Solve<Simplex32>(instance) : Solve<Simplex64>(instance);
}

double Median(const std::vector<Run>& runs, double Run::*time) {
  std::vector<double> values;
  for (const auto& run : runs) values.push_back(run.*time);
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

void Report(const std::string& name, Run (*solve)(const Instance&), const std::string& path) {
  const Instance instance = Read(path);
  const double loaded = PeakMib();
  std::vector<Run> runs;
  double measured = 0;
  while (runs.empty() || (runs.size() < kRunsMax && measured < kSecondsMeasured)) {
    runs.push_back(solve(instance));
    measured += runs.back().solve;
  }
  std::string escaped;
  for (const char letter : path) {
    if (letter == '"' || letter == '\\') escaped += '\\';
    escaped += letter;
  }
  std::printf(
      "{\"file\": \"%s\", \"solver\": \"%s\", \"orders\": %zu, \"sites\": %zu, \"candidates\": %zu, \"runs\": %zu, "
      "\"build\": %.9f, \"solve\": %.9f, \"objective\": %lld, \"unassigned\": %lld, \"loaded_mib\": %.3f, "
      "\"peak_mib\": %.3f}\n",
      escaped.c_str(), name.c_str(), instance.prices.size(), instance.capacities.size(), instance.sites.size(),
      runs.size(), Median(runs, &Run::build), Median(runs, &Run::solve),
      static_cast<long long>(runs.front().objective), static_cast<long long>(runs.front().unassigned), loaded,
      PeakMib());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string algorithm = argc > 2 ? argv[1] : "";
  if (algorithm != "simplex" && algorithm != "scaling") {
    std::fprintf(stderr, "usage: lemon simplex|scaling FILE...\n");
    return 2;
  }
  try {
    for (int at = 2; at < argc; ++at) {
      Report("lemon-" + algorithm, algorithm == "simplex" ? Simplex : Solve<Scaling>, argv[at]);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lemon: %s\n", error.what());
    return 1;
  }
  return 0;
}
