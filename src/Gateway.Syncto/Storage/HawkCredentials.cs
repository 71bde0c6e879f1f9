namespace Lockstep.Gateway.Syncto.Storage;

/// <summary>A token of a storage that lies elsewhere.</summary>
/// <param name="Id">Names the key.</param>
/// <param name="Key">Signs requests.</param>
/// <param name="Endpoint">Where the storage is, without a slash at the end.</param>
internal sealed record HawkCredentials(string Id, string Key, string Endpoint)
{
    /// <summary>They are secrets.</summary>
    public override string ToString() => nameof(HawkCredentials);
}
