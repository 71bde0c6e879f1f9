using System.Globalization;
using System.Text;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.OpenId;
using Lockstep.Import.Kinto;

namespace Lockstep.Silo.Hosting;

/// <summary><c>kinto import</c>: for those who come from Kinto.</summary>
internal static class KintoCommands
{
    public const string Help =
        """
        kinto import --conf FILE
                               takes over accounts, buckets with all that lies in them and rights, with their stamps, from the
                               PostgreSQL that Kinto's settings name; what is here stays as it is; run it again if it was cut
                               off; stop Kinto first, and with SQLite this server
        kinto import --from URI [--permissions-from URI] [--secret-file FILE]
                               the same without that file: postgresql://user@host/name; the second file has
                               kinto.default_bucket_hmac_secret, or kinto.userid_hmac_secret, and nothing else
        kinto import --from http[s]://HOST/v1 --user NAME --password-file FILE [--secret-file FILE]
                               the same over HTTP, by an account that may write everything there; much slower, and nobody
                               may write to Kinto meanwhile
        """;

    /// <summary>What is the command's own, and no setting.</summary>
    public static readonly IReadOnlyList<string> Own = ["--conf", "--from", "--permissions-from", "--secret-file", "--user", "--password-file"];

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <returns>The exit code: 0 done, 1 something is left behind or failed, 2 misunderstood.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            if (arguments is not ["import"] || Sources(own) is not var (storage, permissions, secret))
            {
                output.WriteLine(Help);
                return 2;
            }

            await using var there = await OpenAsync(storage, permissions, own, cancellationToken);
            if (there is null)
            {
                output.WriteLine(Help);
                return 2;
            }

            return await ImportAsync(there, secret, options, output, cancellationToken);
        }
        catch (KintoException e)
        {
            output.WriteLine(e.Message);
            return 1;
        }
    }

    /// <returns>Where objects and rights lie, and by what ids of default buckets were made; null where that is not said, or said twice.</returns>
    private static (string Storage, string? Permissions, string? Secret)? Sources(IReadOnlyDictionary<string, string> own)
    {
        var secret = own.TryGetValue("--secret-file", out var secretFile) ? ReadSecret(secretFile) : null;
        if (own.TryGetValue("--conf", out var file))
        {
            if (own.ContainsKey("--from") || own.ContainsKey("--permissions-from"))
            {
                return null;
            }

            var settings = KintoSettings.Read(file, Environment.GetEnvironmentVariable);
            var storage = settings.Storage ?? throw new KintoException($"'{file}' has no kinto.storage_url in [app:main]. Name the database with --from.");
            return (storage, settings.Permissions == storage ? null : settings.Permissions, secret ?? settings.DefaultBucketSecret);
        }

        return own.TryGetValue("--from", out var from) ? (from, own.GetValueOrDefault("--permissions-from"), secret) : null;
    }

    /// <returns>Null where it is not said who signs in, or said in vain.</returns>
    private static async Task<IKintoSource?> OpenAsync(string storage, string? permissions, IReadOnlyDictionary<string, string> own, CancellationToken cancellationToken)
    {
        var (user, file) = (own.GetValueOrDefault("--user"), own.GetValueOrDefault("--password-file"));
        if (Uri.TryCreate(storage, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return user is null || file is null || permissions is not null ? null : await KintoServer.OpenAsync(address, user, ReadSecret(file), TimeProvider.System, cancellationToken);
        }

        return user is not null || file is not null ? null : await KintoDatabase.OpenAsync(KintoUri.Parse(storage), permissions is null ? null : KintoUri.Parse(permissions), cancellationToken);
    }

    private static string ReadSecret(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KintoException($"Cannot read '{file}': {e.Message}", e);
        }
    }

    private static async Task<int> ImportAsync(IKintoSource there, string? secret, LockstepOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        // With SQLite a running server would not hear of what is written beside it.
        await using var here = await ServerStorage.OpenAsync(options, exclusive: true, fault => output.WriteLine(fault.Message));
        await using var alone = OnlyOne.Of(await here.Transfer.TryLockAsync(cancellationToken));
        var own = new AccountSecret(here.Secret);
        var rules = new KintoImportRules(
            AccountDirectory.IsValidName,
            id => KintoIds.IsValid(id, options.Kinto),
            AccountPassword.IsBcrypt,
            (principal, account) => account == 0 ? OpenIdData.DefaultBucketOf(principal, own) : AccountDirectory.DefaultBucketOf(account, own),
            options.Kinto.MaxRecordBytes,
            options.Buckets.MaxCollections,
            options.Buckets.Access.MaxForeignGroups);
        var import = new KintoImport(there, here.Accounts, here.Buckets, rules, secret is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(secret), TimeProvider.System);
        long? reported = null;
        var tally = await import.RunAsync(
            tally =>
            {
                if (reported is not { } last || TimeProvider.System.GetElapsedTime(last) >= ProgressInterval)
                {
                    reported = TimeProvider.System.GetTimestamp();
                    Line($"{tally.Buckets.Imported + tally.Buckets.Before:N0} of {tally.Buckets.There:N0} buckets, {tally.Records.Imported + tally.Records.Before:N0} of {tally.Records.There:N0} records, {tally.Tombstones.Imported + tally.Tombstones.Before:N0} of {tally.Tombstones.There:N0} tombstones");
                }
            },
            cancellationToken);
        foreach (var note in tally.Notes)
        {
            output.WriteLine(note);
        }

        foreach (var (name, count) in tally.All)
        {
            output.WriteLine($"{name}: {count}.");
        }

        Line($"Rights and members of groups: {tally.RightsDropped:N0} left out.");
        if (!tally.IsEven)
        {
            output.WriteLine("The counts do not meet. Stop Kinto, and run the import again.");
        }

        return tally is { IsEven: true, IsWhole: true } ? 0 : 1;

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }
}
