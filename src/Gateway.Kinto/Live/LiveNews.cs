using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>What a stream was told of its bucket since its last look.</summary>
/// <param name="Version">Rises with everything that the bucket's listeners are told. A read under this version begins after that.</param>
/// <param name="Stamp">A committed stamp; zero if none is known. If collections are named, nothing else in the bucket has changed since the stamp of the news before, up to this one.</param>
/// <param name="Collections">The only collections whose records may have changed; null if anything in the bucket may have changed, rights included.</param>
internal readonly record struct LiveNews(long Version, ServerTimestamp Stamp, IReadOnlySet<string>? Collections);
