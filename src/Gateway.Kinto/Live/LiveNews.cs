using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What a stream was told of its bucket since it looked last.</summary>
/// <param name="Version">Rises with what the bucket's listeners were told: what is read with it, is read after that.</param>
/// <param name="Stamp">Committed. Where collections are named, nothing else of the bucket has changed after the stamp of the news before, and up to this one. Zero for none that is known.</param>
/// <param name="Collections">Whose records have changed, at most; null for whatever there is in the bucket, rights too.</param>
internal readonly record struct LiveNews(long Version, ServerTimestamp Stamp, IReadOnlySet<string>? Collections);
