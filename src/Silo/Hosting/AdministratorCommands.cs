namespace Lockstep.Silo.Hosting;

/// <summary><c>administrator link</c>: lets whoever runs the server make an administrator in a browser.</summary>
internal static class AdministratorCommands
{
    public const string Help =
        """
        administrator link     writes a link that makes an administrator, once, within Console:LinkTime (1 hour); earlier
                               links no longer work
        """;

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, LockstepOptions options, TextWriter output)
    {
        if (arguments is not ["link"])
        {
            output.WriteLine(Help);
            return 2;
        }

        if (!options.Console.Enabled)
        {
            output.WriteLine("Console:Enabled is false, and the link leads to the console. Set it to true.");
            return 1;
        }

        await using var storage = await ServerStorage.OpenAsync(options, exclusive: false, fault => output.WriteLine(fault.Message));
        output.WriteLine(await FirstAdministrator.NewLinkAsync(options.Urls.Split(';')[0], options, storage, most: 1));
        return 0;
    }
}
