package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An x86 {@code bzImage} ({@code Documentation/arch/x86/boot.rst}). {@link SetupField} lists the
 * fields; the named accessors answer 0 where the image's protocol is older than the field.
 *
 * @param head the file's first bytes up to the last field of its protocol version
 * @param fileSize the whole file's size in bytes
 */
public record BzImage(ByteView head, long fileSize) implements KernelImage {
  static final String FORMAT = "bzImage";
  private static final int SECTOR = 512;
  private static final int HEADER_START = 0x202;
  private static final String MAGIC = "HdrS";
  private static final int OLDEST_VERSION = 0x200;
  private static final int BOOT_FLAG = 0xaa55;
  private static final int LONGEST_VERSION = 256;
  private static final int XLF_KERNEL_64 = 1;

  /**
   * Checks that {@code head} holds every field of its version.
   *
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}, with ENOEXEC as
   *     the kernel answers ({@code arch/x86/kernel/kexec-bzimage64.c, bzImage64_probe}, v6.1)
   */
  public BzImage {
    if (fileSize < 2 * SECTOR || head.size() < SetupField.endOf(0x200)) {
      throw refused(
          Reason.TRUNCATED,
          String.format("0x%x bytes are too few for a bzImage", Math.min(fileSize, head.size())));
    }
    if (!head.matches(HEADER_START, MAGIC)) {
      throw refused(
          Reason.BAD_HEADER,
          String.format(
              "no bzImage: 0x%08x at offset 0x202, expected 0x53726448 (\"HdrS\")",
              SetupField.HEADER.in(head)));
    }
    if (SetupField.BOOT_FLAG.in(head) != BOOT_FLAG) {
      throw refused(
          Reason.BAD_HEADER,
          String.format(
              "boot flag 0x%04x at offset 0x1fe, expected 0xaa55", SetupField.BOOT_FLAG.in(head)));
    }
    long version = SetupField.VERSION.in(head);
    if (version < OLDEST_VERSION) {
      throw refused(
          Reason.BAD_HEADER,
          String.format("boot protocol 0x%x at offset 0x206, expected 0x200 or newer", version));
    }
    int end = SetupField.endOf((int) version);
    if (head.size() < end) {
      throw refused(
          Reason.TRUNCATED,
          String.format(
              "the setup header ends at 0x%x, but only 0x%x bytes are there", end, head.size()));
    }
    head = head.slice(0, end);
  }

  private static KexecException refused(Reason reason, String message) {
    return new KexecException(
        reason, Errno.ENOEXEC, message, "x86 kexec_file_load takes bzImages only", null);
  }

  static boolean matches(ByteView file) {
    return file.matches(HEADER_START, MAGIC);
  }

  /**
   * Reads the setup header.
   *
   * @param head the file's first bytes, 0x26c at least (0x290 is what the kernel copies)
   * @param fileSize the whole file's size
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}, with ENOEXEC
   */
  public static BzImage parse(ByteView head, long fileSize) {
    return new BzImage(head, fileSize);
  }

  /** A field's value, 8-byte fields as raw bits; empty where the protocol is older than it. */
  public OptionalLong value(SetupField field) {
    return field.since() <= version() ? OptionalLong.of(field.in(head)) : OptionalLong.empty();
  }

  private long orZero(SetupField field) {
    return value(field).orElse(0);
  }

  /** The boot protocol's version, {@code 0x20c} for 2.12. */
  public int version() {
    return (int) SetupField.VERSION.in(head);
  }

  /** Bytes of boot sector and setup: where the protected-mode kernel begins in the file. */
  public int setupSize() {
    int sectors = (int) SetupField.SETUP_SECTS.in(head);
    return ((sectors == 0 ? 4 : sectors) + 1) * SECTOR;
  }

  /** Where the header says that it ends in the file. */
  public int headerEnd() {
    return HEADER_START + head.u8(0x201);
  }

  /** Bit 0 LOADED_HIGH; 8 bits. */
  public int loadflags() {
    return (int) orZero(SetupField.LOADFLAGS);
  }

  /** Bit 0 XLF_KERNEL_64, bit 1 XLF_CAN_BE_LOADED_ABOVE_4G, bit 5 XLF_5LEVEL; 16 bits. */
  public int xloadflags() {
    return (int) orZero(SetupField.XLOADFLAGS);
  }

  /** The highest address that an initrd's last byte may have. */
  public long initrdAddrMax() {
    return orZero(SetupField.INITRD_ADDR_MAX);
  }

  /** Bytes; what a relocatable kernel's load address is a multiple of. */
  public long kernelAlignment() {
    return orZero(SetupField.KERNEL_ALIGNMENT);
  }

  /** Whether it runs at any aligned address. */
  public boolean relocatableKernel() {
    return orZero(SetupField.RELOCATABLE_KERNEL) != 0;
  }

  /** The longest command line, without its NUL. */
  public long cmdlineSize() {
    return orZero(SetupField.CMDLINE_SIZE);
  }

  /** From {@link #setupSize()}. */
  public long payloadOffset() {
    return orZero(SetupField.PAYLOAD_OFFSET);
  }

  /** Bytes of payload, the size word at its end counted in. */
  public long payloadLength() {
    return orZero(SetupField.PAYLOAD_LENGTH);
  }

  /** The preferred load address; 64 raw bits. */
  public long prefAddress() {
    return orZero(SetupField.PREF_ADDRESS);
  }

  /** Bytes of memory that the kernel needs from its load address until it reads its memory map. */
  public long initSize() {
    return orZero(SetupField.INIT_SIZE);
  }

  /** From the start of the protected-mode kernel to its EFI handover entry; 0 for none. */
  public long handoverOffset() {
    return orZero(SetupField.HANDOVER_OFFSET);
  }

  /**
   * Where the payload begins when the kernel decompresses itself, from the start of its {@link
   * #initSize()} bytes: it moves itself to their end first ({@code
   * arch/x86/boot/compressed/head_64.S}, v6.1). How much memory it takes itself is told by its EFI
   * stub's section {@code .data}, which ends there; empty where it has none, or it does not fit.
   *
   * @param file the whole file
   * @throws KexecException what {@link PeHeader#parse} throws
   */
  @Override
  public OptionalLong inPlaceStart(ByteView file) {
    Optional<PeHeader.Section> data = dataSection(file);
    if (data.isEmpty()) {
      return OptionalLong.empty();
    }
    long size = data.get().virtualAddress() + data.get().virtualSize() - setupSize();
    long start = initSize() - size + payloadOffset();
    return size > payloadOffset() && start >= 0 ? OptionalLong.of(start) : OptionalLong.empty();
  }

  /**
   * The EFI stub's section {@code .data}, which ends where the decompressor's memory does; images
   * have it since v6.7 ({@code arch/x86/boot/header.S}). Empty for others.
   *
   * @param file the whole file
   * @throws KexecException what {@link PeHeader#parse} throws
   */
  public Optional<PeHeader.Section> dataSection(ByteView file) {
    long pe = file.u32le(0x3c);
    if (!file.matches(pe, "PE\0\0")) {
      return Optional.empty();
    }
    return PeHeader.parse(file, pe).sections().stream()
        .filter(section -> section.name().equals(".data"))
        .findFirst();
  }

  /**
   * How far the kernel reaches when it is started where the file lies in memory, from the file's
   * start: behind setup it begins at its alignment, wherever that is, with {@link #initSize()}
   * bytes of room.
   */
  long inPlaceSize() {
    long alignment = relocatableKernel() ? Math.max(kernelAlignment(), 1) : 1;
    return setupSize() + alignment + initSize();
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return (xloadflags() & XLF_KERNEL_64) != 0
        ? Optional.of(Architecture.X86_64)
        : Optional.empty();
  }

  @Override
  public List<Field> fields() {
    List<Field> fields = new ArrayList<>();
    for (SetupField field : SetupField.values()) {
      value(field)
          .ifPresent(
              value ->
                  fields.add(Field.hex(field.label(), value, SetupMeaning.of(field, value, this))));
    }
    return fields;
  }

  @Override
  public List<Field> fields(ByteView file) {
    List<Field> fields = new ArrayList<>(fields());
    kernelVersion(file).ifPresent(text -> fields.add(release(text)));
    KernelInfo.of(this, file).ifPresent(info -> fields.addAll(info.fields()));
    return fields;
  }

  /** The text's first word, and the rest, who built it and when, as its meaning. */
  private static Field release(String text) {
    int space = text.indexOf(' ');
    return space < 0
        ? Field.text("kernel release", text, "")
        : Field.text(
            "kernel release", text.substring(0, space), Field.printable(text.substring(space + 1)));
  }

  /**
   * The version text that the setup code holds; empty where the header names none, or none inside
   * of it.
   *
   * @param file the whole file
   */
  public Optional<String> kernelVersion(ByteView file) {
    long offset = orZero(SetupField.KERNEL_VERSION);
    long at = 0x200 + offset;
    if (offset == 0 || at >= Math.min(setupSize(), file.size())) {
      return Optional.empty();
    }
    int length = (int) Math.min(LONGEST_VERSION, Math.min(setupSize(), file.size()) - at);
    return Optional.of(file.cString(at, length));
  }

  @Override
  public List<Finding> findings() {
    return new SetupFindings(this).all();
  }

  long payloadEnd() {
    return setupSize() + payloadOffset() + payloadLength();
  }

  /**
   * The compressed ELF file; empty before protocol 2.08, which does not tell where it is. The
   * header names no method: the payload's first bytes do.
   */
  @Override
  public Optional<Payload> payload(ByteView file) {
    if (value(SetupField.PAYLOAD_LENGTH).isEmpty()) {
      return Optional.empty();
    }
    long offset = setupSize() + payloadOffset();
    if (payloadLength() <= ZbootImage.SIZE_WORD) {
      throw new KexecException(
          Reason.BAD_HEADER, String.format("payload_length 0x%x at offset 0x24c", payloadLength()));
    }
    ByteView payload = file.slice(offset, payloadLength());
    CompressionMethod method =
        CompressionMethod.detect(payload)
            .orElseThrow(
                () ->
                    new KexecException(
                        Reason.UNKNOWN_METHOD,
                        String.format(
                            "the payload at 0x%x begins with 0x%08x, which no known method does",
                            offset, payload.u32be(0)),
                        "the kernel may be encrypted or damaged"));
    long size = payload.size() - (method == CompressionMethod.GZIP ? 0 : ZbootImage.SIZE_WORD);
    return Optional.of(
        new Payload(
            offset,
            size,
            Optional.of(method),
            OptionalLong.of(payload.u32le(payload.size() - ZbootImage.SIZE_WORD))));
  }

  @Override
  public Optional<Wrapping> wrapping(ByteView file) {
    return payload(file)
        .map(
            payload ->
                new Wrapping(
                    payload.methodLabel(),
                    payload.offset(),
                    payloadLength(),
                    payload.declaredSize()));
  }
}
