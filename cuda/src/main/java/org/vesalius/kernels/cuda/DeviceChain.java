package org.vesalius.kernels.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.MemoryDemand;
import org.vesalius.kernels.Tensor;

/**
 * Devices that compute the layers of a model one after the other.
 *
 * @param members of each device, in the order of the layers
 * @param ends of each device the first layer that is not its any more
 */
record DeviceChain(List<CudaKernels> members, List<Integer> ends) {

  /** One device with all layers. */
  static DeviceChain of(CudaKernels only) {
    return new DeviceChain(List.of(only), List.of(Integer.MAX_VALUE));
  }

  /**
   * Everything on the first device, because it is not known what layers there are.
   *
   * @throws NoRoomException with the numbers if it has not the memory
   */
  static DeviceChain unsplit(List<CudaKernels> members, MemoryDemand demand) {
    long free = members.getFirst().freeBytes();
    if (demand.bytes() > free) {
      throw new NoRoomException(refusal(members.subList(0, 1), demand, List.of(free)));
    }
    return new DeviceChain(members, List.of(Integer.MAX_VALUE));
  }

  /**
   * Splits layers by the memory that is free now.
   *
   * @throws NoRoomException with the numbers if that is not enough
   */
  static DeviceChain split(List<CudaKernels> members, MemoryDemand demand) {
    List<Long> free = members.stream().map(CudaKernels::freeBytes).toList();
    List<Integer> counts =
        demand
            .split(usable(free))
            .orElseThrow(() -> new NoRoomException(refusal(members, demand, free)));
    List<Integer> ends = new ArrayList<>();
    int end = 0;
    for (int count : counts) {
      end += count;
      ends.add(end);
    }
    return new DeviceChain(members, ends);
  }

  /** Without what buffers of kernels and libraries take that no estimate counts. */
  static List<Long> usable(List<Long> bytes) {
    return bytes.stream().map(all -> all - all / 32).toList();
  }

  private static String refusal(List<CudaKernels> members, MemoryDemand demand, List<Long> free) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      parts.add(
          "device "
              + members.get(i).found().ordinal()
              + " has "
              + DeviceMemory.size(free.get(i))
              + " free");
    }
    return Probe.refusal(demand, parts);
  }

  /** The device of a layer; of one beyond the last, the last. */
  CudaKernels of(int layer) {
    for (int i = 0; i < ends.size(); i++) {
      if (layer < ends.get(i)) {
        return members.get(i);
      }
    }
    return members.getLast();
  }

  /** For people: {@code device 0: layers 0 to 13, device 1: layers 14 to 27}. */
  String description() {
    List<String> parts = new ArrayList<>();
    int first = 0;
    if (ends.getLast() == Integer.MAX_VALUE) {
      return "all on device " + members.getFirst().found().ordinal();
    }
    for (int i = 0; i < ends.size(); i++) {
      int last = ends.get(i) - 1;
      parts.add(
          "device "
              + members.get(i).found().ordinal()
              + ": "
              + (first == last ? "layer " + first : "layers " + first + " to " + last));
      first = ends.get(i);
    }
    return String.join(", ", parts);
  }

  /** The devices before this one, whose work it waits for. */
  List<CudaKernels> before(CudaKernels member) {
    return members.subList(0, members.indexOf(member));
  }

  /**
   * Sends numbers from device to device and back to Java: how memory of one device comes to another
   * depends on the machine, and the check of a device alone does not see it.
   *
   * @throws DeviceException if other numbers arrive
   */
  void requireExact() {
    float[] sent = new float[4099];
    SplittableRandom random = new SplittableRandom(members.size());
    for (int i = 0; i < sent.length; i++) {
      sent[i] = random.nextFloat();
    }
    List<Tensor> copies = new ArrayList<>();
    for (CudaKernels member : members) {
      copies.add(member.allocate(ElementType.F32, 1, sent.length));
    }
    members.getFirst().write(copies.getFirst(), sent);
    float[] arrived = new float[sent.length];
    for (int i = 1; i < members.size(); i++) {
      CudaKernels from = members.get(i - 1);
      CudaKernels to = members.get(i);
      to.receive(copies.get(i), from, copies.get(i - 1));
      to.read(arrived, copies.get(i));
      if (!Arrays.equals(sent, arrived)) {
        throw new DeviceException(
            "other numbers arrive on device "
                + to.found().ordinal()
                + " than device "
                + from.found().ordinal()
                + " sends, and they are not used together; take one of them by its number",
            null);
      }
    }
    for (int i = 0; i < members.size(); i++) {
      members.get(i).free(copies.get(i).data());
    }
  }
}
