package io.github.kexecsim.cli;

import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.uki.Composition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * All that {@code inspect} tells of a file.
 *
 * @param file the file
 * @param layers its layers as far as they came off, outermost first
 * @param composition what the kernel of a UKI among them is started with
 * @param error why no more layers came off, where something is damaged
 * @param inPlaceLimit how much may be decompressed to measure in-place decompression; empty where
 *     that is not asked for
 * @param digests the digests of the file and its layers
 */
record InspectReport(
    InputFile file,
    List<LayerView> layers,
    Optional<Composition> composition,
    Optional<Refusal> error,
    OptionalLong inPlaceLimit,
    Digests digests) {
  /**
   * What is told of a layer besides its header's fields.
   *
   * @param layer the layer
   * @param sections those of its PE header, where it has one
   * @param margin what in-place decompression needs, where that is asked for
   * @param x86 what an x86 decompressor does with it
   * @param findings what is wrong or odd
   */
  record Details(
      LayerView layer,
      Optional<SectionTable> sections,
      Optional<InPlaceView> margin,
      X86View x86,
      List<Finding> findings) {}

  /** The details of every layer, one at a time, since measuring a margin decompresses. */
  List<Details> details() {
    return layers.stream().map(this::details).toList();
  }

  private Details details(LayerView view) {
    Layer layer = view.layer();
    X86View x86 = X86View.of(layers, view);
    List<Finding> findings = new ArrayList<>(layer.findings());
    findings.addAll(x86.findings());
    return new Details(
        view,
        PeHeader.find(layer.bytes()).map(SectionTable::new),
        // What does not decompress is told as the error.
        inPlaceLimit.isPresent() && error.isEmpty()
            ? InPlaceView.of(layer, inPlaceLimit.getAsLong())
            : Optional.empty(),
        x86,
        findings);
  }
}
