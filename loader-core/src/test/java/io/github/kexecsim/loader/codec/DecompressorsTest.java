package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.io.File;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DecompressorsTest {
  @ParameterizedTest
  @EnumSource
  void findsEveryMethodByEveryName(CompressionMethod method) {
    assertThat(method.names()).isNotEmpty();
    for (String name : method.names()) {
      assertThat(Decompressors.byMethodName(name).method()).isEqualTo(method);
    }
    assertThat(Compressors.byMethod(method).method()).isEqualTo(method);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GZIP", "zstd19", "gzip ", "lz4\u0001\u00ff"})
  void refusesOtherNames(String name) {
    assertThatThrownBy(() -> Decompressors.byMethodName(name))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_METHOD));
  }

  @Test
  void detectsNothingInOtherBytes() {
    assertThat(CompressionMethod.detect(ByteView.of(new byte[0]))).isEmpty();
    assertThat(CompressionMethod.detect(ByteView.of(new byte[] {0x1f}))).isEmpty();
    assertThat(CompressionMethod.detect(ByteView.of(new byte[] {'M', 'Z', 0, 0}))).isEmpty();
  }

  @Test
  void loadsOnlyWhatIsAskedFor() throws Exception {
    try (IsolatedLoader loader = new IsolatedLoader()) {
      Method byName =
          loader.loadClass(Decompressors.class.getName()).getMethod("byMethodName", String.class);
      byName.invoke(null, "gzip");
      assertThat(loader.hasLoaded(GzipDecompressor.class)).isTrue();
      assertThat(loader.hasLoaded(ZstdDecompressor.class)).isFalse();
      assertThat(loader.hasLoaded(com.github.luben.zstd.Zstd.class)).isFalse();
      assertThat(loader.hasLoaded(Lz4Decompressor.class)).isFalse();
      assertThat(loader.hasLoaded(net.jpountz.lz4.LZ4Factory.class)).isFalse();
      assertThat(loader.hasLoaded(XzDecompressor.class)).isFalse();
    }
  }

  /** Loads our classes and the libraries' anew, and tells which. */
  private static final class IsolatedLoader extends URLClassLoader {
    IsolatedLoader() {
      super(classPath(), ClassLoader.getPlatformClassLoader());
    }

    boolean hasLoaded(Class<?> type) {
      return findLoadedClass(type.getName()) != null;
    }

    private static URL[] classPath() {
      return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
          .map(IsolatedLoader::url)
          .toArray(URL[]::new);
    }

    private static URL url(String entry) {
      try {
        return Path.of(entry).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
