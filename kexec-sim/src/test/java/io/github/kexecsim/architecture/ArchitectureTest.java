package io.github.kexecsim.architecture;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Arrows go one way: no module looks up, and packages form no cycle. */
@AnalyzeClasses(
    packages = "io.github.kexecsim",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule PACKAGES_FORM_NO_CYCLE =
      slices().matching("io.github.kexecsim.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule MODULES_DEPEND_DOWNWARDS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("command")
          .definedBy("io.github.kexecsim.cli..", "io.github.kexecsim.launch..")
          .layer("bench")
          .definedBy("io.github.kexecsim.bench..")
          .layer("sample")
          .definedBy("io.github.kexecsim.sample..")
          .layer("model")
          .definedBy("io.github.kexecsim.model..")
          .layer("loader")
          .definedBy("io.github.kexecsim.loader..")
          .whereLayer("command")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("bench")
          .mayOnlyBeAccessedByLayers("command")
          .whereLayer("sample")
          .mayOnlyBeAccessedByLayers("command")
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("command", "sample");
}
