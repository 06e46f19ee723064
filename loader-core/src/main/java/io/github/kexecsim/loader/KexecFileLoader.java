package io.github.kexecsim.loader;

import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import java.util.List;

/**
 * Plans a load as kexec_file_load carries it out: takes off what the image is wrapped in, places
 * the kernel and all that goes with it, and checks the segments. Safe for use by many threads. A
 * thread that is interrupted while it decompresses gets a refusal, {@link
 * io.github.kexecsim.loader.error.Reason#INTERRUPTED}, and its interrupt status stays set.
 */
public final class KexecFileLoader {
  private KexecFileLoader() {}

  /** Plans a load. A refusal is a plan too: see {@link LoadPlan#refusal()}. */
  public static LoadPlan load(LoadRequest request) {
    return load(request, List.of(), Progress.NONE);
  }

  /**
   * Plans a load of an image that was looked into already, to choose its machine, say, and tells
   * how far decompression has come.
   *
   * @param peeled the image's outermost layers, as {@link Layers#walk} hands them out; they are not
   *     decompressed again
   * @param progress {@link io.github.kexecsim.loader.digest.Digests} hashes behind it, and one that
   *     throws stops the load
   * @throws IllegalArgumentException if the layers are those of another image
   */
  public static LoadPlan load(LoadRequest request, List<Layer> peeled, Progress progress) {
    if (!peeled.isEmpty() && peeled.get(0).bytes() != request.image()) {
      throw new IllegalArgumentException("the layers are those of another image");
    }
    return new Load(request, progress).plan(peeled);
  }
}
