package org.vesalius.kernels.cuda;

import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Tensor;

/** The choice of experts. Shapes have been checked. */
final class DeviceExperts {
  private static final int WARP = 32;
  private static final int THREADS = 256;

  private final Launcher launcher;
  private final DeviceBuffer chosen;
  private final Launcher.Function route;
  private final Launcher.Function group;

  DeviceExperts(DeviceMemory memory, Launcher launcher) {
    this.launcher = launcher;
    chosen = new DeviceBuffer(memory, "the experts of tokens");
    route = launcher.function("route");
    group = launcher.function("group_choices");
  }

  void route(ExpertRouting routing, Tensor logits, boolean renormalise) {
    int tokens = logits.rows();
    int experts = routing.experts();
    int perToken = routing.perToken();
    launcher.begin();
    long choices = chosen.address(Math.max(1L, (long) tokens * perToken) * Integer.BYTES);
    launcher.with(choices).rows(routing.shares()).rows(logits);
    launcher.with(tokens).with(experts).with(perToken).with(renormalise ? 1 : 0);
    launcher.run(route, tokens, 1, 1, WARP, Double.BYTES * experts);
    launcher.with(routing.starts()).with(routing.rows()).rows(routing.places()).with(choices);
    launcher.with(tokens).with(experts).with(perToken);
    launcher.run(group, experts, 1, THREADS);
  }
}
