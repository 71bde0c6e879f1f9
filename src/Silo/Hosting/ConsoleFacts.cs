namespace Lockstep.Silo.Hosting;

/// <summary>What the console's pages say of this server: which protocols it serves. Anybody sees it.</summary>
internal static class ConsoleFacts
{
    public static IReadOnlyDictionary<string, string> Of(LockstepOptions options) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["firefox-accounts"] = Said(options.ServesAccounts),
        ["sync15"] = Said(options.Sync15.GivesTokens),
        ["sync11"] = Said(options.Sync11.Enabled),
        ["syncto"] = Said(options.Syncto.Enabled),
    };

    private static string Said(bool isServed) => isServed ? "on" : "off";
}
