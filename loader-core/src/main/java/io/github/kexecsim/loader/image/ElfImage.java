package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An ELF file, such as the {@code vmlinux} inside a bzImage: enough of its header to name it.
 *
 * @param is64Bit whether its class is ELFCLASS64
 * @param bigEndian whether its data is ELFDATA2MSB
 * @param type e_type
 * @param machine e_machine
 * @param entry e_entry; 64 raw bits
 */
public record ElfImage(boolean is64Bit, boolean bigEndian, int type, int machine, long entry)
    implements KernelImage {
  static final String FORMAT = "elf";
  private static final int SHOWN_SEGMENTS = 16;
  private static final int CLASS_OFFSET = 4;
  private static final int DATA_OFFSET = 5;
  private static final int EM_X86_64 = 62;
  private static final int EM_AARCH64 = 183;
  private static final int EM_RISCV = 243;
  private static final int EM_LOONGARCH = 258;

  static boolean matches(ByteView file) {
    return file.matches(0, "\u007fELF");
  }

  /**
   * Reads the ELF header.
   *
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static ElfImage parse(ByteView file) {
    if (!matches(file)) {
      throw new KexecException(Reason.BAD_HEADER, "no ELF file: no \"\\x7fELF\" at offset 0");
    }
    boolean is64Bit = oneOrTwo(file, CLASS_OFFSET, "class") == 2;
    boolean bigEndian = oneOrTwo(file, DATA_OFFSET, "data encoding") == 2;
    ElfReader header = new ElfReader(file.slice(0, is64Bit ? 64 : 52), is64Bit, bigEndian);
    return new ElfImage(is64Bit, bigEndian, header.u16(16), header.u16(18), header.word(24, 24));
  }

  /**
   * Its program headers, in the table's order.
   *
   * @param file the bytes that this header was parsed from
   * @throws KexecException {@link Reason#TRUNCATED} when the table is not inside the file, {@link
   *     Reason#BAD_HEADER} when its rows are not of the size they have, {@link
   *     Reason#LIMIT_EXCEEDED} when there are more than 65536
   */
  public List<ProgramHeader> programHeaders(ByteView file) {
    return tables(file).programHeaders();
  }

  /**
   * Where the file ends by what its headers say: the end of the last of its tables, segments and
   * sections. What is behind it was put there by others.
   *
   * @param file the bytes that this header was parsed from
   * @throws KexecException what {@link #programHeaders} throws, of sections also
   */
  public long contentEnd(ByteView file) {
    return tables(file).contentEnd();
  }

  ElfTables tables(ByteView file) {
    return new ElfTables(file, is64Bit, bigEndian);
  }

  @Override
  public long sectionCount(ByteView file) {
    return tables(file).rowCount();
  }

  private static int oneOrTwo(ByteView file, int offset, String what) {
    int value = file.u8(offset);
    if (value != 1 && value != 2) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("ELF %s 0x%x at offset 0x%x, expected 1 or 2", what, value, offset));
    }
    return value;
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    if (!is64Bit) {
      return Optional.empty();
    }
    return switch (machine) {
      case EM_AARCH64 -> Optional.of(Architecture.ARM64);
      case EM_RISCV -> Optional.of(Architecture.RISCV64);
      case EM_LOONGARCH -> Optional.of(Architecture.LOONGARCH64);
      case EM_X86_64 -> Optional.of(Architecture.X86_64);
      default -> Optional.empty();
    };
  }

  @Override
  public List<Field> fields() {
    return List.of(
        Field.decimal("EI_CLASS", is64Bit ? 2 : 1, is64Bit ? "64-bit" : "32-bit"),
        Field.decimal("EI_DATA", bigEndian ? 2 : 1, bigEndian ? "big-endian" : "little-endian"),
        Field.decimal("e_type", type, describeType()),
        Field.decimal("e_machine", machine, architecture().map(Architecture::label).orElse("")),
        Field.hex("e_entry", entry, ""));
  }

  private String describeType() {
    return switch (type) {
      case 2 -> "executable";
      case 3 -> "shared object";
      case 4 -> "core";
      default -> "";
    };
  }

  @Override
  public List<Field> fields(ByteView file) {
    List<Field> fields = new ArrayList<>(fields());
    try {
      List<ProgramHeader> headers = programHeaders(file);
      headers.stream().limit(SHOWN_SEGMENTS).map(ProgramHeader::field).forEach(fields::add);
      if (headers.size() > SHOWN_SEGMENTS) {
        fields.add(Field.decimal("e_phnum", headers.size(), "segments, the first of them shown"));
      }
    } catch (KexecException e) {
      // A finding tells.
      return fields;
    }
    return fields;
  }

  @Override
  public List<Finding> findings() {
    return List.of();
  }

  @Override
  public List<Finding> findings(ByteView file) {
    try {
      programHeaders(file);
      return findings();
    } catch (KexecException e) {
      return List.of(
          new Finding(
              Flaw.PROGRAM_HEADERS_UNREADABLE, "program headers: " + e.getMessage(), e.hint()));
    }
  }

  @Override
  public Optional<String> unsupported() {
    return Optional.of(
        "an ELF vmlinux, which only the ELF loaders of riscv64 and loongarch64 take");
  }
}
