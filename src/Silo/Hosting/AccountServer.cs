using System.Security.Cryptography;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Silo.Hosting;

/// <summary>What the account server needs before a server is put together: its key, which lies outside the database, and what follows from it for Sync.</summary>
internal static class AccountServer
{
    private const string FileName = "accounts.key";
    private const int KeyBytes = 32;
    private const int MinKeyLength = 32;
    private const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <returns>The key; null where no accounts are served.</returns>
    /// <exception cref="SettingsException">There is none, or others can read it.</exception>
    public static AccountKey? ReadKey(LockstepOptions options) =>
        !options.ServesAccounts ? null
        : options.FirefoxAccounts.Key is { } key ? new AccountKey(key)
        : options.FirefoxAccounts.KeyFile is { } file ? new AccountKey(Read(file))
        : new AccountKey(ReadOrMake(Path.Combine(DataDirectory.Open(options.DataDirectory).Path, FileName)));

    /// <summary>Sync, where accounts are served: they may all sync, and tokens are signed with a secret that follows from the key where none is set.</summary>
    public static LockstepOptions Complete(LockstepOptions options, AccountKey? key) => key is null
        ? options
        : options with { Sync15 = options.Sync15.WithOwnIssuer(Convert.ToHexStringLower(key.Derive("tokens of sync"))) };

    private static string ReadOrMake(string file)
    {
        if (!File.Exists(file))
        {
            try
            {
                // Nobody else can open it, from its first byte on.
                var settings = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
                if (!OperatingSystem.IsWindows())
                {
                    settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                using var stream = new FileStream(file, settings);
                stream.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n"));
                stream.Flush(flushToDisk: true);
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another process was first.
            }
        }

        return Read(file);
    }

    private static string Read(string file)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & OfOthers) != UnixFileMode.None)
            {
                throw new SettingsException($"FirefoxAccounts:KeyFile '{file}' can be read by others. Give it mode 0600: everything that is encrypted in the database opens with it.");
            }

            var text = File.ReadAllText(file).Trim();
            return text.Length >= MinKeyLength ? text : throw new SettingsException($"FirefoxAccounts:KeyFile '{file}' has less than {MinKeyLength} characters. Make one with: openssl rand -hex 32");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"FirefoxAccounts:KeyFile '{file}' cannot be read: {e.Message}");
        }
    }
}
