using Lockstep.Inventory;

// What the program is made of: the licences of all parts, or a bill of materials of one package. packaging/notices and packaging/sbom call it.
switch (args)
{
    case ["notices", var assets, var runtime]:
        Console.Write(NoticesText.Of(Assets.Read(assets, runtime)));
        return 0;
    case ["sbom", var assets, var runtime, var package]:
        Console.Write(BillOfMaterials.Of(Assets.Read(assets, runtime), package));
        return 0;
    default:
        Console.Error.WriteLine("usage: notices ASSETS RUNTIME | sbom ASSETS RUNTIME PACKAGE");
        return 2;
}
