package org.vesalius.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.MemoryDemand;
import org.vesalius.kernels.Recording;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.Shapes;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

/**
 * Checks the shapes of what is asked for and hands it to the class that starts the kernels for it.
 * Contents are checked by the kernels themselves.
 */
final class CudaKernels implements Kernels {
  /** What has to be freed, the last first. */
  private final Deque<Runnable> opened;

  private final Device device;
  private final DeviceMemory memory;
  private final AddressTables tables;
  private final DeviceCopies copies;
  private final DeviceWeights weights;
  private final DeviceRows rows;
  private final SmallFloats small;
  private final DeviceProducts products;
  private final DeviceExperts experts;
  private final DeviceRotations rotations;
  private final DeviceAttention attention;
  private final PeerCopies peers;
  private final Faults faults;

  private DeviceChain chain = DeviceChain.of(this);

  private CudaKernels(KernelOptions options, Probe.Found found, Deque<Runnable> opened) {
    this.opened = opened;
    device = new Device(found);
    opened.push(device::close);
    memory = new DeviceMemory(device);
    opened.push(memory::close);
    WorkerPool pool = new WorkerPool(options.threads());
    opened.push(pool::close);
    Staging staging = new Staging(device, pool);
    opened.push(staging::close);
    Launcher launcher = new Launcher(device, memory);
    opened.push(launcher::close);
    Arena arena = Arena.ofShared();
    opened.push(arena::close);
    MatrixProducts library = MatrixProducts.open(device, arena);
    opened.push(library::close);
    small = new SmallFloats(device, memory);
    opened.push(small::close);
    peers = new PeerCopies(device, memory);
    opened.push(peers::close);
    // Before anything is freed, because freeing what is in use is an error of its own.
    opened.push(device::settle);
    faults = new Faults(device, memory, staging);
    tables = new AddressTables(memory, staging);
    copies = new DeviceCopies(device, memory, staging, faults);
    weights = new DeviceWeights(memory, staging, launcher);
    rows = new DeviceRows(memory, launcher, faults);
    products = new DeviceProducts(memory, launcher, tables, library, small, faults);
    experts = new DeviceExperts(memory, launcher);
    rotations = new DeviceRotations(launcher, tables, faults);
    attention = new DeviceAttention(memory, launcher, tables, faults);
  }

  /**
   * Opens devices that the probe found, and checks what they compute when that was not done before.
   *
   * @param found one, or several that layers are split over
   * @return the kernels of the first, which close the others too
   * @throws NoRoomException if they have not the memory
   * @throws DeviceException if one refuses or computes wrong; nothing is left of them then
   */
  static CudaKernels open(KernelOptions options, List<Probe.Found> found) {
    Deque<Runnable> members = new ArrayDeque<>();
    try {
      List<CudaKernels> all = new ArrayList<>();
      for (Probe.Found one : found) {
        CudaKernels kernels = member(options, one);
        members.push(kernels::close);
        all.add(kernels);
      }
      CudaKernels first = all.getFirst();
      MemoryDemand demand = options.memory().get();
      if (all.size() == 1) {
        first.memory.require(demand.bytes());
      } else {
        join(all, demand);
        members.removeLast();
        members.forEach(first.opened::addFirst);
      }
      return first;
    } catch (RuntimeException | Error e) {
      members.forEach(Runnable::run);
      throw e;
    }
  }

  private static CudaKernels member(KernelOptions options, Probe.Found found) {
    Deque<Runnable> opened = new ArrayDeque<>();
    try {
      CudaKernels kernels = new CudaKernels(options, found, opened);
      SelfCheck.require(found, kernels);
      return kernels;
    } catch (RuntimeException | Error e) {
      opened.forEach(Runnable::run);
      throw e;
    }
  }

  /** Without layers there is nothing to split, and all is where the first device is. */
  private static void join(List<CudaKernels> all, MemoryDemand demand) {
    for (int i = 1; i < all.size(); i++) {
      all.get(i).peers.connect(all.get(i - 1).peers);
      all.get(i - 1).peers.connect(all.get(i).peers);
    }
    DeviceChain chain =
        demand.layers().isEmpty()
            ? DeviceChain.unsplit(all, demand)
            : DeviceChain.split(all, demand);
    chain.requireExact();
    all.forEach(member -> member.chain = chain);
  }

  /** The device. */
  Probe.Found found() {
    return device.found();
  }

  /** Bytes that are free on the device. */
  long freeBytes() {
    return memory.free();
  }

  @Override
  public Kernels ofLayer(int layer) {
    return chain.of(layer);
  }

  @Override
  public void receive(Tensor out, Kernels from, Tensor x) {
    Shapes.same("receive", out, x);
    if (from instanceof CudaKernels other) {
      peers.receive(out, other.peers, x);
    } else {
      Kernels.super.receive(out, from, x);
    }
  }

  /**
   * Fails with what kernels of the devices before this one have found wrong, whose work this one
   * got. A step's integers are on every device, so the next ones may have found the same: that is
   * cleared with it, and does not fail another step.
   */
  private void checkBefore() {
    IndexOutOfBoundsException wrong = null;
    for (CudaKernels earlier : chain.before(this)) {
      wrong = earlier.fault(wrong);
    }
    if (wrong != null) {
      var _ = fault(wrong);
      throw wrong;
    }
    device.use();
  }

  private @Nullable IndexOutOfBoundsException fault(@Nullable IndexOutOfBoundsException first) {
    device.use();
    faults.fetch();
    device.finish();
    try {
      faults.check();
      return first;
    } catch (IndexOutOfBoundsException e) {
      if (first == null) {
        return e;
      }
      first.addSuppressed(e);
      return first;
    }
  }

  @Override
  public String description() {
    return "cuda ("
        + device.found().description()
        + (chain.members().size() > 1 ? "; " + chain.description() : "")
        + ")";
  }

  @Override
  public Tensor allocate(ElementType type, int rows, int columns) {
    return memory.allocate(type, rows, columns);
  }

  @Override
  public Weight place(Weight stored) {
    device.use();
    if (stored instanceof Weight.Fp8) {
      small.prepare(this);
    }
    return weights.place(stored);
  }

  /**
   * For people: what multiplies many tokens by weights of FP8.
   *
   * @throws DeviceException if that is wrong
   */
  String describeSmall() {
    device.use();
    small.prepare(this);
    return small.description();
  }

  @Override
  public ActivationRounding rounding(Weight weight) {
    return switch (weight) {
      case Weight.F32 _, Weight.F16 _ -> ActivationRounding.NONE;
      case Weight.BF16 _ -> ActivationRounding.BF16;
      case Weight.Int8 _, Weight.Int4 _ -> ActivationRounding.INT8;
      case Weight.Fp8 _ -> ActivationRounding.FP8;
      case Weight.Transposed(Weight stored) -> rounding(stored);
    };
  }

  @Override
  public ActivationRounding attentionRounding(KeyValues keyValues) {
    return keyValues instanceof KeyValues.Paged paged && paged.format() == CacheFormat.F32
        ? ActivationRounding.NONE
        : ActivationRounding.BF16;
  }

  /** Integers are summed exactly; other products are summed differently by different kernels. */
  @Override
  public boolean batchInvariant(Weight weight) {
    return weight instanceof Weight.Int8 || weight instanceof Weight.Int4;
  }

  @Override
  public boolean isAsynchronous() {
    return true;
  }

  @Override
  public void write(Tensor out, float[] values) {
    device.use();
    copies.write(out, values);
  }

  @Override
  public void write(Tensor out, int[] values) {
    device.use();
    copies.write(out, values);
  }

  @Override
  public void read(float[] out, Tensor x) {
    checkBefore();
    copies.read(out, x);
  }

  @Override
  public void read(int[] out, Tensor x) {
    checkBefore();
    copies.read(out, x);
  }

  @Override
  public Recording record(Runnable operations) {
    // Who waits for every operation wants them one by one.
    return device.debug()
        ? Recording.of(operations)
        : new DeviceRecording(device, memory, operations);
  }

  @Override
  public void argmax(Tensor out, Tensor x) {
    Shapes.argmax(out, x);
    rows.argmax(out, x);
  }

  @Override
  public void sample(Tensor out, Tensor logits, Sampling sampling) {
    sampling.checkShapes(out, logits);
    rows.sample(out, logits, sampling);
  }

  @Override
  public void embed(Tensor out, Weight table, Tensor ids) {
    Shapes.embed(out, table, ids);
    rows.embed(out, table, ids);
  }

  @Override
  public void gatherRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("gatherRows", out, x, index);
    rows.gather(out, x, index);
  }

  @Override
  public void scatterRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("scatterRows", x, out, index);
    rows.scatter(out, x, index);
  }

  @Override
  public void addRows(Tensor out, Tensor x, Tensor index) {
    Shapes.moveRows("addRows", x, out, index);
    rows.addRows(out, x, index);
  }

  @Override
  public void mixRows(Tensor out, Tensor x, Tensor index, Tensor shares) {
    Shapes.mixRows(out, x, index, shares);
    rows.mix(out, x, index, shares);
  }

  @Override
  public void linear(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    Shapes.linear(out, x, weight, bias);
    products.multiply(out, x, weight, bias);
  }

  @Override
  public void route(ExpertRouting routing, Tensor logits, boolean renormalise) {
    Shapes.route(routing, logits);
    experts.route(routing, logits, renormalise);
  }

  @Override
  public void expertLinear(Tensor out, Tensor x, List<Weight> experts, Tensor starts) {
    Shapes.expertLinear(out, x, experts, starts);
    products.multiplyGroups(out, x, experts, starts);
  }

  @Override
  public void add(Tensor out, Tensor x) {
    Shapes.same("add", out, x);
    rows.add(out, x);
  }

  @Override
  public void rmsNorm(Tensor out, Tensor x, Tensor gain, float epsilon) {
    Shapes.norm(out, x, gain);
    rows.rmsNorm(out, x, gain, epsilon);
  }

  @Override
  public void addRmsNorm(Tensor out, Tensor residual, Tensor delta, Tensor gain, float epsilon) {
    Shapes.same("addRmsNorm", residual, delta);
    Shapes.norm(out, residual, gain);
    rows.addRmsNorm(out, residual, delta, gain, epsilon);
  }

  @Override
  public void layerNorm(Tensor out, Tensor x, Tensor gain, Tensor bias, float epsilon) {
    Shapes.layerNorm(out, x, gain, bias);
    rows.layerNorm(out, x, gain, bias, epsilon);
  }

  @Override
  public void scale(Tensor x, float factor) {
    Shapes.scale(x);
    rows.scale(x, factor);
  }

  @Override
  public void activate(Tensor x, Activation activation) {
    Shapes.activate(x);
    rows.activate(x, null, activation);
  }

  @Override
  public void gatedActivation(Tensor gate, Tensor up, Activation activation) {
    Shapes.same("gatedActivation", gate, up);
    rows.activate(gate, up, activation);
  }

  @Override
  public void rotaryTable(Tensor cos, Tensor sin, Tensor positions, Rotary rotary) {
    Shapes.rotaryTable(cos, sin, positions, rotary);
    rotations.table(cos, sin, positions, rotary);
  }

  @Override
  public void rotate(Tensor x, Tensor cos, Tensor sin) {
    Shapes.rotate(x, cos, sin);
    rotations.rotate(x, cos, sin);
  }

  @Override
  public void rotateAndCache(
      Tensor q,
      Tensor k,
      Tensor v,
      @Nullable Tensor qGain,
      @Nullable Tensor kGain,
      float epsilon,
      Tensor cos,
      Tensor sin,
      KeyValues.Paged cache,
      Tensor slots) {
    Shapes.rotateAndCache(q, k, v, qGain, kGain, cos, sin, cache, slots);
    rotations.rotateAndCache(q, k, v, qGain, kGain, epsilon, cos, sin, cache, slots);
  }

  @Override
  public void attention(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups) {
    Shapes.attention(out, q, keyValues, starts, shape, groups);
    attention.attend(out, q, keyValues, starts, shape, groups);
  }

  /**
   * Frees what these kernels allocated or placed before their end.
   *
   * @throws DeviceException if the device has failed
   */
  void free(MemorySegment data) {
    device.use();
    memory.free(data);
    tables.forget(data.address());
  }

  @Override
  public void close() {
    while (!opened.isEmpty()) {
      opened.pop().run();
    }
  }
}
