package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program in docs/library.md compiles and runs as it stands there. */
class LibraryDocumentTest {
  private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir Path dir;

  @Test
  void theProgramOfTheDocumentPlansALoad() throws Exception {
    String document = Files.readString(Path.of("..", "docs", "library.md"));
    Matcher matcher = PROGRAM.matcher(document);
    assertThat(matcher.find()).isTrue();
    Path source = Files.writeString(dir.resolve("Example.java"), matcher.group(1));
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                System.getProperty("java.class.path").replace('\n', File.pathSeparatorChar),
                "-d",
                dir.toString(),
                source.toString());
    assertThat(status).isZero();

    Path image = Files.write(dir.resolve("image"), zboot());
    assertThat(run(image)).contains("kernel at [0x40000000-0x40000fff]", "dtb at ");
    assertThat(run(source)).contains("EINVAL: ");
  }

  private String run(Path argument) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {dir.toUri().toURL()})) {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      loader
          .loadClass("Example")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {argument.toString()});
    } finally {
      System.setOut(before);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static byte[] zboot() {
    ByteBuffer image = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0, (byte) 'M').put(1, (byte) 'Z');
    image.putLong(16, 4096);
    image.put(0x38, new byte[] {'A', 'R', 'M', 0x64});
    byte[] payload =
        Compressors.byMethod(CompressionMethod.GZIP).compress(ByteView.of(image.array()));
    return ZbootWriter.write(Architecture.ARM64, "gzip", ByteView.of(payload), 4096);
  }
}
