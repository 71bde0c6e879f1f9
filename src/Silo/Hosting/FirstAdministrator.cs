using Lockstep.Core.Storage;
using Lockstep.Gateway.Console.Administrators;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Offers whoever runs the server a link that makes its first administrator, as long as there is none. The link goes to the terminal or into a file that only its owner
/// can read, never to the log.
/// </summary>
internal static partial class FirstAdministrator
{
    private const string FileName = "first-administrator";

    // Each server of a cluster offers one when it starts, and all of them count.
    private const int MaxLinks = 16;

    /// <summary>Whether what is written to standard output is kept. A container's terminal is: its engine has it in the container's log.</summary>
    /// <param name="variables">Of this process.</param>
    public static bool IsLogged(System.Collections.IDictionary variables) =>
        Console.IsOutputRedirected || variables["DOTNET_RUNNING_IN_CONTAINER"] is "true" || variables.Contains("container") || variables.Contains("KUBERNETES_SERVICE_HOST")
        || File.Exists("/.dockerenv") || File.Exists("/run/.containerenv");

    /// <param name="logger">Hears where the link is.</param>
    /// <param name="url">Where the server listens.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="storage">Its storage.</param>
    /// <param name="terminal">Where a person reads; null for nowhere.</param>
    public static async Task OfferAsync(ILogger logger, string url, LockstepOptions options, ServerStorage storage, TextWriter? terminal)
    {
        if (!options.HasApi || !options.Console.Enabled || options.Accounts.Administrators.Length > 0)
        {
            return;
        }

        var file = Path.Combine(options.DataDirectory, FileName);
        try
        {
            if (File.Exists(file))
            {
                File.Delete(file);
            }

            if (await storage.Administrators.AnyAsync(CancellationToken.None))
            {
                return;
            }

            if (terminal is null && !Directory.Exists(options.DataDirectory))
            {
                NoPlace(logger);
                return;
            }

            var link = await NewLinkAsync(url, options, storage, options.IsAlone ? 1 : MaxLinks);
            if (terminal is not null)
            {
                await terminal.WriteLineAsync($"This server has no administrator. Open this link in a browser to become it. It works once, within {options.Console.LinkTime}.{Environment.NewLine}  {link}");
                return;
            }

            Write(file, link);
            InFile(logger, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreUnavailableException)
        {
            NoPlace(logger);
        }
    }

    /// <returns>A link that can be opened in a browser.</returns>
    /// <param name="url">Where the server listens.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="storage">Its storage.</param>
    /// <param name="most">Links that count at a time.</param>
    public static async Task<string> NewLinkAsync(string url, LockstepOptions options, ServerStorage storage, int most) =>
        RootOf(url, options) + await new AdministratorLinks(storage.Administrators, TimeProvider.System).MakeAsync(options.Console.LinkTime, most, CancellationToken.None);

    /// <summary>What links to a server begin with.</summary>
    /// <param name="url">Where the server listens; where people reach it is what the settings say, if they do.</param>
    /// <param name="options">Its settings.</param>
    public static string RootOf(string url, LockstepOptions options) => options.Http.PublicUrl?.TrimEnd('/')
        ?? (url.StartsWith("http://unix:", StringComparison.OrdinalIgnoreCase) ? "https://THIS-SERVER" : url.TrimEnd('/')) + options.Http.PathBases().FirstOrDefault("");

    /// <summary>Nobody else can open it, from its first byte on.</summary>
    private static void Write(string file, string link)
    {
        var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(file, settings);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(link + "\n"));
    }

    [LoggerMessage(44, LogLevel.Information, "This server has no administrator. A link that makes one, once, is in {File}")]
    private static partial void InFile(ILogger logger, string file);

    [LoggerMessage(45, LogLevel.Information, "This server has no administrator. For a link that makes one, run this program with: administrator link")]
    private static partial void NoPlace(ILogger logger);
}
