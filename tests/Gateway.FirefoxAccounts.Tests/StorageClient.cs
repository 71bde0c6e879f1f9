using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Asks the storage of Sync, with what TokenServer has given.</summary>
public sealed class StorageClient(Person person, AccountAnswer token, TimeProvider time)
{
    private readonly Uri endpoint = new(token.String("api_endpoint"));

    public Task<AccountAnswer> GetAsync(string path) => SendAsync("GET", path, null);

    public Task<AccountAnswer> PutAsync(string path, string body) => SendAsync("PUT", path, body);

    private Task<AccountAnswer> SendAsync(string method, string path, string? body)
    {
        var target = endpoint.AbsolutePath + path;
        var signed = HawkSigner.Header(
            token.String("id"), token.String("key"), time.GetUtcNow().ToUnixTimeSeconds(), method, target, endpoint.Host, endpoint.Port, nonce: AccountClient.RandomHex(6));
        return person.Client.SendAsync(method, target, body, signed);
    }
}
