package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * The protocols and tables that a Linux EFI stub speaks of (UEFI Specification 2.10; those that
 * begin with LINUX, {@code include/linux/efi.h}, v6.1).
 */
public enum EfiGuid {
  LOADED_IMAGE_PROTOCOL("5b1b31a1-9562-11d2-8e3f-00a0c969723b"),
  LOADED_IMAGE_DEVICE_PATH_PROTOCOL("bc62157e-3e33-4fec-9920-2d3b36d750df"),
  DEVICE_PATH_PROTOCOL("09576e91-6d3f-11d2-8e39-00a0c969723b"),
  LOAD_FILE2_PROTOCOL("4006c0c1-fcb3-403e-996d-4a6c8724e06d"),
  RNG_PROTOCOL("3152bca5-eade-433d-862e-c01cdc291f44"),
  TCG2_PROTOCOL("607f766c-7455-42be-930b-e4d76db2720f"),
  GRAPHICS_OUTPUT_PROTOCOL("9042a9de-23dc-4a38-96fb-7aded080516a"),
  DEVICE_TREE("b1b621d5-f19c-41a5-830b-d9152c69aae0"),
  LINUX_LOADED_IMAGE_FIXED("f5a37b6d-3344-42a5-b6bb-978648c1890a"),
  LINUX_RANDOM_SEED_TABLE("1ce1e5bc-7ceb-42f2-81e5-8aadf180f57b"),
  LINUX_MEMRESERVE_TABLE("888eb0c6-8ede-4ff5-a8f0-9aee5cb977c2"),
  LINUX_BOOT_MEMMAP("800f683f-d08b-423a-a293-965c3c6fe2b4"),
  LINUX_INITRD_MEDIA("5568e427-68fc-4f3d-ac74-ca555231cc68");

  /** Bytes of a GUID. */
  static final int SIZE = 16;

  private final ByteView bytes;

  EfiGuid(String text) {
    UUID uuid = UUID.fromString(text);
    long high = uuid.getMostSignificantBits();
    ByteBuffer out = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt((int) (high >>> 32)).putShort((short) (high >>> 16)).putShort((short) high);
    out.order(ByteOrder.BIG_ENDIAN).putLong(uuid.getLeastSignificantBits());
    this.bytes = ByteView.of(out.array());
  }

  /** As it lies in memory: the first three fields little-endian. */
  ByteView bytes() {
    return bytes;
  }
}
