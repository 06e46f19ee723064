package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FdtEditor;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import java.util.Optional;
import java.util.Random;

/**
 * The device tree that kexec-tools hands over: the running machine's with bootargs, the initrd's
 * place, and a new kaslr-seed in the stead of one that the running kernel wiped ({@code
 * kexec/arch/arm64/kexec-arm64.c, setup_2nd_dtb} and {@code kexec/dt-ops.c}, kexec-tools 2.0.28).
 * Packed in the end, which kexec-tools does not do in every case: its own may be some bytes longer.
 */
final class UserDeviceTree {
  private static final String CHOSEN = "/chosen";
  private static final String KASLR_SEED = "kaslr-seed";

  private UserDeviceTree() {}

  static ByteView of(PlacementRequest request, Optional<KexecSegment> initrd) {
    FdtEditor fdt =
        FdtEditor.open(
            request
                .machine()
                .deviceTree()
                .orElseGet(() -> FlattenedDeviceTree.parse(ByteView.of(new FdtBuilder().build()))));
    if (!fdt.hasNode(CHOSEN)) {
      fdt.addSubnode("/", "chosen");
    }
    if (!request.commandLine().isEmpty()) {
      fdt.setString(CHOSEN, "bootargs", request.commandLine());
    }
    boolean wiped =
        fdt.prop(CHOSEN, KASLR_SEED)
            .filter(seed -> seed.size() == Long.BYTES && seed.u64be(0) == 0)
            .isPresent();
    if (wiped) {
      fdt.setU64(CHOSEN, KASLR_SEED, new Random(request.seed()).nextLong());
    }
    if (initrd.isPresent()) {
      KexecSegment segment = initrd.get();
      fdt.setU64(CHOSEN, "linux,initrd-start", segment.mem());
      fdt.setU64(CHOSEN, "linux,initrd-end", segment.mem() + segment.bufsz());
    } else {
      fdt.delProp(CHOSEN, "linux,initrd-start");
      fdt.delProp(CHOSEN, "linux,initrd-end");
    }
    return ByteView.of(fdt.pack());
  }
}
